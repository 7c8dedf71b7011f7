import { setImmediate } from 'node:timers/promises';
import type { Chronicle } from './chronicle.js';

/** No turn takes this many milliseconds, stops included: a contender still there then is stuck. */
const TIMEOUT = 30_000;

/** Somebody who contends for the lock. */
export interface Member {
  /** Resolves when it has ended, and all its reports are in the chronicle. */
  readonly end: Promise<void>;
  /** Asks it to end after its current turn. */
  finish(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Contenders of one kind. A contender that has ended is replaced. */
export class Crew {
  readonly #employ: (number: number) => Member;
  readonly #chronicle: Chronicle;
  readonly #living = new Set<Member>();
  readonly #places: Promise<void>[];
  #started = 0;
  #isFinishing = false;

  /** @param employ Gets a different number for each member. */
  constructor(size: number, employ: (number: number) => Member, chronicle: Chronicle) {
    this.#employ = employ;
    this.#chronicle = chronicle;
    this.#places = Array.from({ length: size }, () => this.#fillPlace());
  }

  /** Lets each finish its turn. Resolves when all have ended. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    for (const member of this.#living) member.finish();
    const timeout = setTimeout(() => {
      this.#chronicle.fail(`did not come to an end within ${TIMEOUT} ms: ${this.#living.size} processes`);
      void this.end();
    }, TIMEOUT);
    await Promise.all(this.#places);
    clearTimeout(timeout);
  }

  /** Ends all at once. Resolves when they have ended. */
  async end(): Promise<void> {
    this.#isFinishing = true;
    for (const member of this.#living) member.kill();
    await Promise.all(this.#places);
  }

  async #fillPlace(): Promise<void> {
    while (!this.#isFinishing) {
      this.#started += 1;
      const member = this.#employ(this.#started);
      this.#living.add(member);
      await member.end;
      this.#living.delete(member);
      // If no process can be started, or all fail at once, timers and signals must still have their turn.
      await setImmediate();
    }
  }
}
