import fs, { constants, type Stats } from 'node:fs';
import { attempt } from '../attempt.js';
import type { Liveness } from '../processes/process-table.js';
import { systemCode } from '../system-code.js';
import { isExpected, type Life, type Sign, type SignFile } from './sign-of-life.js';

/** To lock a file while opening it, alone or together with others: in open(2) of macOS and the BSDs, `sys/fcntl.h`. Node has no constants for them. */
export const O_SHLOCK = 0x10;
export const O_EXLOCK = 0x20;

/** The system calls that it makes. */
export interface LockingFiles {
  openSync(path: string, flags: number, mode?: number): number;
  closeSync(descriptor: number): void;
  fchmodSync(descriptor: number, mode: number): void;
  lstatSync(path: string): Pick<Stats, 'uid' | 'dev' | 'ino' | 'size'> & { isFile(): boolean };
}

/** Whoever may read the lock may ask. */
const MODE = 0o644;

/**
 * A file that is locked as flock(2) does, on macOS and the BSDs. The lock ends when no process has the file open any more as it was opened then,
 * also in a process that inherited it.
 */
export class FlockLife implements Life {
  readonly when = 'claiming';
  readonly isMovable = true;
  /** The lock belongs to the file and not to a name of it, and this kernel has accepted it. */
  readonly needsLocalFiles = false;
  readonly #files: LockingFiles;

  constructor(files: LockingFiles = fs) {
    this.#files = files;
  }

  keep(path: string): Sign | null {
    const { O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK } = constants;
    const flags = O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_EXLOCK;
    const descriptor = attempt(() => this.#files.openSync(path, flags, MODE), null);
    if (descriptor === null) return null;
    // Whatever the umask is. If it fails, only this user can ask.
    attempt(() => this.#files.fchmodSync(descriptor, MODE), undefined);
    return { descriptor, close: () => this.#close(descriptor) };
  }

  /** Two that ask at once do not take each other for the keeper: they lock it together. */
  async ask(path: string, expected?: SignFile): Promise<Liveness> {
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    try {
      const status = this.#files.lstatSync(path);
      if (!status.isFile() || status.size > 0 || !isExpected(status, expected)) return 'unknown';
      this.#close(this.#files.openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_SHLOCK));
      return 'dead';
    } catch (error) {
      return systemCode(error) === 'EAGAIN' ? 'alive' : 'unknown';
    }
  }

  #close(descriptor: number): void {
    // It is closed in any case; close(2).
    attempt(() => this.#files.closeSync(descriptor), undefined);
  }
}
