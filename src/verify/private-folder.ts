import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ErrLockStore } from '../core/errors.js';
import { blockFor } from '../system/block-for.js';

/**
 * How often, and how many milliseconds apart, the removal is tried. A process that is being killed finishes the system call
 * that it is in, so a file may come after its folder was emptied; and a network file system may remember what is gone.
 * (The retries of Node's `rmSync` do not look again what is in the folder.)
 */
const TRIES = 20;
const PAUSE = 50;

/** A new folder in the one that is verified; nothing outside of it is touched. */
export class PrivateFolder {
  /** The absolute path of the folder that is verified. */
  readonly parent: string;
  readonly path: string;

  /** Throws an {@link ErrLockStore} where there is no such folder, or where nothing can be written. */
  constructor(directory: string) {
    this.parent = resolve(directory);
    try {
      // Says more clearly than making a folder what is wrong: there is none, or it is none.
      readdirSync(this.parent);
      this.path = mkdtempSync(join(this.parent, 'livinglock-verify-'));
    } catch (error) {
      throw ErrLockStore.from(this.parent, 'verify', error, {
        ENOENT: 'Name the folder in which the lock is to lie; it has to be there, and to take files.',
        ENOTDIR: 'Name the folder in which the lock is to lie, not a file.',
      });
    }
  }

  /** Throws an {@link ErrLockStore} if the folder cannot be removed. */
  remove(): void {
    for (let tries = 1; ; tries++) {
      try {
        rmSync(this.path, { recursive: true, force: true });
        return;
      } catch (error) {
        if (tries === TRIES) throw ErrLockStore.from(this.path, 'remove the folder', error);
        blockFor(PAUSE);
      }
    }
  }

  /** The same at the exit of the process, when nobody can be told any more. */
  removeIfPossible(): void {
    try {
      this.remove();
    } catch {
      // What stays says by its name where it comes from.
    }
  }
}
