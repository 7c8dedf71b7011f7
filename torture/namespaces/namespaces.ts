import { Namespace } from './namespace.js';

/** A number of PID namespaces. One that was killed is replaced when a process is to run there. */
export class Namespaces {
  readonly #places: (Promise<Namespace> | undefined)[];
  #isEnding = false;

  constructor(size: number) {
    this.#places = Array.from({ length: size });
  }

  /** The one for the process of that number: each in turn. `null`: the torture's own. At the end it may be a killed one. */
  async of(number: number): Promise<Namespace | null> {
    const size = this.#places.length;
    const place = number % size;
    while (size > 0) {
      const current = this.#places[place] ?? Namespace.start();
      this.#places[place] = current;
      const namespace = await current;
      if (!namespace.isKilled || this.#isEnding) return namespace;
      if (this.#places[place] === current) this.#places[place] = undefined;
    }
    return null;
  }

  /** Kills all. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const started of await Promise.allSettled(this.#places)) {
      if (started.status === 'fulfilled') started.value?.kill();
    }
  }
}
