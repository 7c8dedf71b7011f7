import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import extensions from 'fs-native-extensions';

/** More than the process has open at the same time. */
const MOST_DESCRIPTORS = 100;

/**
 * Tells whether somebody else is inside, by other means than the lock: the kernel's own lock on another file, which is held
 * for as long as its holder is inside. The kernel drops it with its holder, and before anybody can see that the holder is
 * dead: a process closes its files before it becomes a zombie (`do_exit` in the kernel's `kernel/exit.c`). The sign of life is
 * one of these files. Linux ends with the smallest descriptor, and may pause before each (`task_work_run` in
 * `kernel/task_work.c`), so that of the witness is greater than all others.
 */
export class Witness {
  readonly #descriptor: number;
  #isInside = false;

  constructor(path: string) {
    this.#descriptor = openLast(path);
  }

  /** Never waits. `false` if somebody else is inside; call again to take their place once they have left. */
  enter(): boolean {
    this.#isInside ||= extensions.tryLock(this.#descriptor);
    return this.#isInside;
  }

  leave(): void {
    if (this.#isInside) extensions.unlock(this.#descriptor);
    this.#isInside = false;
  }
}

/** Returns a descriptor that is greater than all that this process will have. */
function openLast(path: string): number {
  const others = Array.from({ length: MOST_DESCRIPTORS }, () => openSync(devNull, 'r'));
  try {
    return openSync(path, 'a');
  } finally {
    for (const other of others) closeSync(other);
  }
}
