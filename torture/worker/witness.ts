import { closeSync, openSync } from 'node:fs';
import extensions from 'fs-native-extensions';

/**
 * Tells whether somebody else is inside, by other means than the lock: the kernel's own lock on another file, which is held
 * for as long as its holder is inside. The kernel drops it with its holder, and before anybody can see that the holder is
 * dead: a process closes its files before it becomes a zombie (`do_exit` in the kernel's `kernel/exit.c`).
 */
export class Witness {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Never waits. `false` if somebody else is inside; call again to take their place once they have left. */
  enter(): boolean {
    if (this.#descriptor !== undefined) return true;
    const descriptor = openSync(this.#path, 'a');
    if (extensions.tryLock(descriptor)) {
      this.#descriptor = descriptor;
      return true;
    }
    closeSync(descriptor);
    return false;
  }

  leave(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
