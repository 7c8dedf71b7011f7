import type { Life, Liveness, Sign, SignFile } from '../../../index.js';

/** The system's signs of life. That of the lock is shared with another process. */
export class SharedSign implements Life {
  readonly #life: Life;
  /** The descriptors of those that are open, in the order in which they were begun. */
  readonly #open = new Set<number>();

  constructor(life: Life) {
    this.#life = life;
  }

  get when(): Life['when'] {
    return this.#life.when;
  }

  get isMovable(): boolean {
    return this.#life.isMovable;
  }

  get needsLocalFiles(): boolean {
    return this.#life.needsLocalFiles;
  }

  ask(path: string, expected?: SignFile): Promise<Liveness> {
    return this.#life.ask(path, expected);
  }

  keep(path: string): Sign | null {
    const sign = this.#life.keep(path);
    const { descriptor } = sign ?? {};
    if (sign === null || typeof descriptor !== 'number') return sign;
    this.#open.add(descriptor);
    const close = () => {
      this.#open.delete(descriptor);
      sign.close();
    };
    return { descriptor, isShared: true, close };
  }

  /** The descriptor of the lock's sign. Those that are kept in the guard only are younger. */
  get descriptor(): number | null {
    const [oldest] = this.#open;
    return oldest ?? null;
  }
}
