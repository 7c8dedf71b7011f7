import { isPromise } from '../../core/calls/maybe-async.js';
import { ErrFenced, ErrLockStore } from '../../core/errors.js';
import { show } from '../../core/options/validate.js';
import { messageOf } from '../../system/message-of.js';
import { fieldOf } from './field.js';
import { checkLockName } from './lock-name.js';

/** The table of the fences, unless the user names another. */
export const FENCE_TABLE = 'livinglock_fences';

/**
 * What a fence needs to know about a lock. A `Lock` has both. For a lock in a file, pass a name that is the same on all machines that share the file,
 * and on no others.
 *
 * @example
 * import { fence } from 'livinglock/postgres';
 *
 * await fence(client, { name: 'import@db-1', fencingToken: lock.fencingToken });
 */
export interface FencedLock {
  /** At most 255 bytes. */
  readonly name: string;
  /** `lock.fencingToken`; in a job of `livinglock run`, the number in `LIVINGLOCK_FENCING_TOKEN`. */
  readonly fencingToken: number;
}

/** Throws a `TypeError` for what is no lock, for a name that a database would change, and for a token that is missing. */
export function checkFencedLock(lock: FencedLock, connection: unknown): void {
  refuseOthers(lock, connection);
  const { name, fencingToken } = lock;
  checkLockName(name);
  if (Number.isSafeInteger(fencingToken) && fencingToken > 0) return;
  const isConvertible = typeof fencingToken === 'string' || typeof fencingToken === 'bigint';
  throw new TypeError(
    `A fence needs the fencing token of ${name}, a whole number above 0, but got ${described(fencingToken)}.${isConvertible ? ' Write `Number(…)` around it.' : ''}`,
  );
}

function refuseOthers(lock: unknown, connection: unknown): void {
  const isLock = typeof lock === 'object' && lock !== null && ('fencingToken' in lock || 'name' in lock);
  if (isLock && !isPromise(lock) && !isSwapped(lock, connection)) return;
  const advice = isPromise(lock)
    ? 'Write `await` before `acquire`.'
    : 'Pass the connection first, then the lock that `acquire` or `withLock` gives you.';
  throw new TypeError(
    `A fence needs a lock that is held, or an object such as { name, fencingToken }, but got ${isPromise(lock) ? 'a promise' : described(lock)}. ${advice}`,
  );
}

function isSwapped(lock: object, connection: unknown): boolean {
  return !('fencingToken' in lock) && fieldOf(connection, 'fencingToken') !== undefined;
}

function described(value: unknown): string {
  return typeof value === 'string' ? `the string '${value}'` : show(value);
}

/** @param newest The greatest token that has claimed the fence, as text, by now. */
export function refuseLate({ name, fencingToken }: FencedLock, newest: unknown): void {
  const token = Number(newest);
  if (token === fencingToken) return;
  if (token > fencingToken) throw new ErrFenced(name, fencingToken, token);
  throw new TypeError(`The fence of ${name} returned ${String(newest)} instead of its token.`);
}

export function outsideTransaction({ name }: FencedLock, cause?: unknown): ErrLockStore {
  return new ErrLockStore(
    name,
    'ERR_FENCE_WITHOUT_TRANSACTION',
    `Cannot claim the fence of ${name} outside of a transaction, where it would protect nothing. ` +
      'Begin a transaction first, on the same connection.',
    { cause, isInDoubt: false },
  );
}

/** @param cause What the driver has thrown. */
export function cannotClaim(
  { name }: FencedLock,
  code: string,
  remedy: string,
  cause: unknown,
  reason: string = messageOf(cause),
): ErrLockStore {
  return ErrLockStore.of(name, 'claim the fence of', { code, reason, remedy, cause, isInDoubt: false });
}
