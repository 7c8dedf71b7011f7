import { acquire as acquireIn } from '../core/acquire/acquire.js';
import type { Lock } from '../core/held/lock.js';
import type { Inspection } from '../core/inspect.js';
import { breakLock as breakLockIn, inspect as inspectIn } from '../core/inspect.js';
import type { BreakOptions, InspectOptions } from '../core/options/inspect-options.js';
import type { AcquireOptions, DefaultStore } from '../core/options/options.js';
import { resolvePath } from './file/resolve-path.js';

// What the package exports: core, which knows no store, with the file store as the default.

/** Loaded only when it is needed: a program that keeps locks in a database pays nothing for files. */
const fileStore: DefaultStore = {
  resolve: resolvePath,
  async open(dependencies) {
    const file = await import('./file/file-store.js');
    return file.fileStore(dependencies);
  },
};

/**
 * Acquires the lock with that name. For the default store the name is a path, even without a slash, and the folder is created if necessary.
 * Release the lock yourself, or declare it with `await using`.
 *
 * A dead holder is replaced at once, a stalled one after its `staleTimeout`. A process that asks for a lock that it already
 * holds is a contender like any other.
 *
 * Rejects
 * - with {@link ErrLockBusy} while the holder is alive and sends heartbeats, at once or after `wait`;
 * - with {@link ErrNotALock} if the path is a file that is not a lock;
 * - with {@link ErrLockStore} if the store fails, or does not answer within its own limit or `wait` (`ETIMEDOUT`);
 * - with {@link ErrTerminationFailed} if `terminateStalled` could not end a stalled holder;
 * - with a `TypeError` or `RangeError` for wrong options, before anything is touched;
 * - with the reason of `signal` when it aborts.
 *
 * @example
 * import { acquire } from 'livinglock';
 *
 * await using lock = await acquire('/var/lib/importer/nightly.lock', { staleTimeout: '2h', wait: '5m' });
 */
export function acquire(path: string, options: AcquireOptions = {}): Promise<Lock> {
  return acquireIn(path, options, fileStore);
}

/**
 * Reports the state of a lock without changing anything. Rejects with {@link ErrLockStore} if it cannot be read, and with the reason of
 * `signal` when it aborts.
 *
 * @example
 * import { inspect } from 'livinglock';
 *
 * const { state, holder } = await inspect('/var/lib/importer/nightly.lock');
 * console.log(state, holder?.progress?.note);
 */
export function inspect(path: string, options: InspectOptions = {}): Promise<Inspection> {
  return inspectIn(path, options, fileStore);
}

/**
 * Removes a lock whose holder is dead or has stalled; with `force`, any lock, even one held only by `holdAtLeast`. Rarely
 * needed, because the next contender takes over such a lock anyway. Resolves to what it found: `free` if there was nothing to remove.
 *
 * Rejects
 * - with {@link ErrLockBusy} if the holder is alive and sends heartbeats, unless `force` is set;
 * - with {@link ErrNotALock} for a file that is not a lock, even with `force`;
 * - with {@link ErrLockStore} if the store fails;
 * - with the reason of `signal` when it aborts.
 *
 * @example
 * import { breakLock } from 'livinglock';
 *
 * const { state, holder } = await breakLock('/var/lib/importer/nightly.lock');
 * console.log(`It was ${state}, held by PID ${holder?.processId}.`);
 */
export function breakLock(path: string, options: BreakOptions = {}): Promise<Inspection> {
  return breakLockIn(path, options, fileStore);
}
