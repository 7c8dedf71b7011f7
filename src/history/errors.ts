import { basename } from 'node:path';
import { share } from '../core/error-kinds.js';
import { ErrLockStore, ErrNotALock, LivingLockError, withoutInternals } from '../core/errors.js';
import { messageOf } from '../system/message-of.js';

/**
 * The history cannot be read or written: the disk is full, its folder cannot be written to or is not safe, or something else is in place of a
 * journal. The message says which. Nothing that is not livinglock's was changed. The `cause` is the system's error, if there is one.
 */
export class ErrHistory extends LivingLockError {
  static {
    share(ErrHistory, 'ErrHistory');
  }

  override name = 'ErrHistory';
  declare readonly code: 'ERR_HISTORY';
  /** The file or folder. */
  readonly path: string;

  constructor(lock: string, path: string, reason: string, options?: ErrorOptions) {
    // The lock of a file that cannot be read is unknown.
    const what = lock === basename(path) ? 'the history' : `the history of ${lock}`;
    super(lock, 'ERR_HISTORY', `Cannot use ${what} in ${path}: ${reason}.`, options);
    this.path = path;
  }

  /** @internal */
  static from(lock: string, path: string, error: unknown): ErrHistory {
    if (error instanceof ErrHistory) return error;
    // The guard is that of locks, and so are its errors.
    if (error instanceof ErrNotALock) return new ErrHistory(lock, path, error.found);
    const cause = error instanceof ErrLockStore && error.cause !== undefined ? error.cause : error;
    return new ErrHistory(lock, path, withoutInternals(messageOf(cause), path).replace(/\.$/, ''), { cause });
  }
}

/** What the action returns. Whatever it throws becomes an {@link ErrHistory}. */
export function explained<T>(lock: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw ErrHistory.from(lock, path, error);
  }
}
