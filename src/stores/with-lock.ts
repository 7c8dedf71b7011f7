import { types } from 'node:util';
import { ErrLockBusy, ErrLockLost, ErrLockStore } from '../core/errors.js';
import type { Lock } from '../core/held/lock.js';
import type { AcquireOptions } from '../core/options/options.js';
import { attempt } from '../system/attempt.js';
import { isError } from '../system/is-error.js';
import { messageOf } from '../system/message-of.js';
import { acquire } from './default-locks.js';

/** What {@link withLock} and {@link tryWithLock} run while the lock is held. */
export type Work<T> = (lock: Lock) => T | PromiseLike<T>;
type Rest<T> = [Work<T>] | [AcquireOptions | undefined, Work<T>];

/** The result of {@link tryWithLock}: what the function returned, or the error that says who holds the lock. */
export type Attempt<T> =
  | { readonly ran: true; readonly value: T; readonly busy?: undefined }
  | { readonly ran: false; readonly busy: ErrLockBusy; readonly value?: undefined };

/**
 * Runs a function while holding the lock, releases the lock however the function ends, and resolves to what the function returns.
 *
 * Rejects
 * - as {@link acquire} does if the lock cannot be acquired; the function is then not called;
 * - with {@link ErrLockLost} if the lock was lost in the meantime; if the function threw an error, that is the `cause`;
 * - with what the function throws;
 * - with a `TypeError` if it returns a generator, whose work would only begin after the release;
 * - with {@link ErrLockStore} if the lock could not be released after the function had finished. The work is done then, but the result of the
 *   function is not returned: if you need it, keep it in a variable outside.
 *
 * If the function throws and the lock cannot be released either, rejects with the function's error, and Node prints a warning with the
 * other one. As long as the process lives, the release is tried again regularly.
 *
 * @example
 * import { withLock } from 'livinglock';
 *
 * await withLock('/var/lib/importer/nightly.lock', { staleTimeout: '30m' }, async (lock) => {
 *   for (const chunk of chunks) {
 *     await importChunk(chunk);
 *     await lock.heartBeat();
 *   }
 * });
 */
export async function withLock<T>(path: string, work: Work<T>): Promise<T>;
export async function withLock<T>(
  path: string,
  options: AcquireOptions | undefined,
  work: Work<T>,
): Promise<T>;
export async function withLock<T>(path: string, ...rest: Rest<T>): Promise<T> {
  const [options, work] = sorted('withLock', rest);
  return runUnder(await acquire(path, options), work);
}

/**
 * Runs a function while holding the lock, or skips this run if the lock is busy: that is a result, not an error. With `wait`, the run is
 * skipped if the lock is still busy after that time.
 *
 * Resolves to `{ ran: true, value }`, where `value` is what the function returned, or to `{ ran: false, busy }`, where `busy` says who holds
 * the lock. Rejects as {@link withLock} does for every other reason. If the function itself throws an {@link ErrLockBusy}, for another
 * lock, that is an error like any other.
 *
 * @example
 * import { tryWithLock } from 'livinglock';
 *
 * const { ran, busy } = await tryWithLock('/var/lib/importer/nightly.lock', { staleTimeout: '30m' }, async (lock) => {
 *   for (const chunk of chunks) {
 *     await importChunk(chunk);
 *     await lock.heartBeat();
 *   }
 * });
 * if (!ran) console.log(`Skipped: ${busy.message}`);
 */
export async function tryWithLock<T>(path: string, work: Work<T>): Promise<Attempt<T>>;
export async function tryWithLock<T>(
  path: string,
  options: AcquireOptions | undefined,
  work: Work<T>,
): Promise<Attempt<T>>;
export async function tryWithLock<T>(path: string, ...rest: Rest<T>): Promise<Attempt<T>> {
  const [options, work] = sorted('tryWithLock', rest);
  let lock: Lock;
  try {
    lock = await acquire(path, options);
  } catch (error) {
    if (error instanceof ErrLockBusy) return { ran: false, busy: error };
    throw error;
  }
  return { ran: true, value: await runUnder(lock, work) };
}

function sorted<T>(name: string, rest: Rest<T>): readonly [AcquireOptions | undefined, Work<T>] {
  const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest;
  if (typeof work !== 'function') {
    throw new TypeError(`\`${name}\` needs a function to run while it holds the lock.`);
  }
  return [options, work];
}

async function runUnder<T>(lock: Lock, work: Work<T>): Promise<T> {
  let result: T;
  try {
    result = await work(lock);
    refuseGenerator(result);
  } catch (error) {
    await releaseAfter(error, lock);
    throw error;
  }
  await lock.releaseForGood();
  return result;
}

/** Nothing of a generator function has run when it returns. */
function refuseGenerator(result: unknown): void {
  if (!isGenerator(result)) return;
  throw new TypeError(
    'The function that runs under a lock returned a generator, which would do its work after the lock is released. Iterate over it inside the function.',
  );
}

/**
 * Whether it does its work when it is iterated over, and can be told to stop: also what compilers and libraries make of a generator. Nothing that refuses
 * to be asked is one.
 */
function isGenerator(result: unknown): boolean {
  if (types.isGeneratorObject(result)) return true;
  if (typeof result !== 'object' || result === null) return false;
  const isFunction = (name: string | symbol) => typeof Reflect.get(result, name) === 'function';
  const isIterable = () => isFunction(Symbol.iterator) || isFunction(Symbol.asyncIterator);
  return attempt(() => isFunction('next') && isFunction('return') && isIterable(), false);
}

/** Work that fails after the lock was lost usually fails because of that, so the loss is reported. Any other error is closer to the cause. */
async function releaseAfter(failure: unknown, lock: Lock): Promise<void> {
  try {
    await lock.releaseForGood();
  } catch (error) {
    if (error === failure) return;
    if (!(error instanceof ErrLockLost)) return warn(error, lock);
    addCause(error, failure);
    throw error;
  }
}

/** Unless it already has one, or is itself the cause of the failure, as in the `AbortError` of what was passed `lock.signal`. Not enumerable, as any cause. */
function addCause(error: ErrLockLost, failure: unknown): void {
  if (error.cause !== undefined || causesOf(failure).has(error)) return;
  Object.defineProperty(error, 'cause', { value: failure, writable: true, configurable: true });
}

function causesOf(failure: unknown): ReadonlySet<unknown> {
  const causes = new Set<unknown>();
  for (let cause = failure; isError(cause) && !causes.has(cause); cause = cause.cause) causes.add(cause);
  return causes;
}

function warn(error: unknown, { name }: Lock): void {
  const reason =
    error instanceof ErrLockStore ? error.message : `Cannot release ${name}: ${messageOf(error)}`;
  process.emitWarning(
    `${reason.replace(/\.$/, '')}. The work under the lock has failed too. ` +
      'The lock stays held: this process tries again regularly, and when it has ended, the next contender takes over.',
    { type: 'LivingLockWarning', code: 'LIVINGLOCK_NOT_RELEASED' },
  );
}
