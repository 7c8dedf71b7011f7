import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ErrLockStore } from '../errors.js';

/** What processes do that are just being killed, and what a network file system remembers, may come in between. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 } as const;

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
      throw ErrLockStore.from(this.parent, 'verify', error);
    }
  }

  /** Throws an {@link ErrLockStore} if the folder cannot be removed. */
  remove(): void {
    try {
      rmSync(this.path, REMOVAL);
    } catch (error) {
      throw ErrLockStore.from(this.path, 'remove the folder', error);
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
