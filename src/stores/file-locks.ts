import { acquire as acquireIn } from '../core/acquire.js';
import type { Inspection } from '../core/inspect.js';
import { breakLock as breakLockIn, inspect as inspectIn } from '../core/inspect.js';
import type { BreakOptions, InspectOptions } from '../core/inspect-options.js';
import type { Lock } from '../core/lock.js';
import type { AcquireOptions } from '../core/options.js';
import { fileStore } from './file/file-store.js';

// What the package exports: core, which knows no store, with the file store as the default.

/**
 * Acquires the lock of that name. For the default store the name is a path, whose folder is created if necessary.
 *
 * A dead holder is replaced at once, a stalled one after its `staleTimeout`. Rejects with
 * {@link ErrLockBusy} while the holder is alive and sends heartbeats, at once or after `wait`; with
 * {@link ErrTerminationFailed} if a stalled holder was to be ended and could not be; with {@link ErrNotALock} if the path is a file
 * that is not a lock; with {@link ErrLockStore} if the store fails; with a `TypeError` or `RangeError` for wrong options, before anything is touched.
 *
 * A process that asks for a lock that it already holds is a contender like any other.
 *
 * @example
 * const lock = await acquire('/var/lib/importer/nightly.lock', { staleTimeout: '2h', heartbeatMinimalInterval: '5m' });
 */
export function acquire(path: string, options: AcquireOptions = {}): Promise<Lock> {
  return acquireIn(path, options, fileStore);
}

/**
 * Reports the state of a lock without changing anything. Rejects with {@link ErrLockStore} if it cannot be read.
 *
 * @example
 * const { state, holder } = await inspect('/var/lib/importer/nightly.lock');
 */
export function inspect(path: string, options: InspectOptions = {}): Promise<Inspection> {
  return inspectIn(path, options, fileStore);
}

/**
 * Removes a lock whose holder is dead or has stalled; with `force`, any lock, even one held only by `holdAtLeast`. Rarely
 * needed, because the next contender takes over such a lock anyway. Returns what it found: `free` if there was nothing to remove.
 *
 * Rejects with {@link ErrLockBusy} if the holder is alive and sends heartbeats; with {@link ErrNotALock} for a file that is not a lock, even
 * with `force`; with {@link ErrLockStore} if the store fails.
 */
export function breakLock(path: string, options: BreakOptions = {}): Promise<Inspection> {
  return breakLockIn(path, options, fileStore);
}
