import { isError } from '../system/is-error.js';
import { messageOf } from '../system/message-of.js';
import { systemCode } from '../system/system-code.js';
import { describeHolding, describeProcess, formatDuration, oneLine } from './describe-holder.js';
import { share, shareAll } from './error-kinds.js';
import type { LockRecord } from './record/record.js';
import { remedyFor } from './system-error-remedies.js';

/** The base class of all errors of this package. */
export class LivingLockError extends Error {
  static {
    shareAll(LivingLockError);
    share(LivingLockError, 'LivingLockError');
  }

  override name = 'LivingLockError';
  /** What went wrong, as a code for programs: `ERR_LOCK_…`, or the system's own code such as `ENOSPC`. */
  readonly code: string;
  /** The lock: for a file, its absolute path. */
  readonly lock: string;

  constructor(lock: string, code: string, message: string, options?: ErrorOptions) {
    // A property for no cause would be printed.
    super(message, options?.cause === undefined ? undefined : options);
    this.lock = lock;
    this.code = code;
  }
}

const WAIT = 'Try again later, or wait for it with the option `wait`.';

/**
 * Someone holds the lock, and nothing proves that the holder is dead or has stalled. A scheduled job should treat this
 * as "not now": log it, and exit without an alarm.
 */
export class ErrLockBusy extends LivingLockError {
  static {
    share(ErrLockBusy, 'ErrLockBusy');
  }

  override name = 'ErrLockBusy';
  declare readonly code: 'ERR_LOCK_BUSY';
  /** What the holder wrote; `null` if the lock's content cannot be read yet. */
  readonly holder: LockRecord | null;
  /** Milliseconds since the holder's last heartbeat; since its release if `holdAtLeast` still keeps the lock held. */
  readonly heartbeatAge: number;
  /** Why the holder counts as live, in words. */
  readonly reason: string;

  constructor(
    lock: string,
    holder: LockRecord | null,
    heartbeatAge: number,
    reason: string,
    advice?: string,
  ) {
    const held = `${lock} ${describeHolding(holder, heartbeatAge)}${holder?.hold ? '' : `; ${reason}`}`;
    super(lock, 'ERR_LOCK_BUSY', `${held}. ${advice ?? WAIT}`);
    this.holder = holder;
    this.heartbeatAge = heartbeatAge;
    this.reason = reason;
  }

  /**
   * The same error with other advice.
   *
   * @internal
   */
  advising(advice: string): ErrLockBusy {
    return new ErrLockBusy(this.lock, this.holder, this.heartbeatAge, this.reason, advice);
  }
}

/**
 * The lock is no longer held: another process took it over after the heartbeats had stopped, or someone broke or deleted
 * it. Or the store has not answered for `staleTimeout`, so that may have happened (`isCertain` is `false`).
 * Anything the caller does from here on is not exclusive, so it must stop.
 *
 * The `cause`, if there is one, is the store's error if `isCertain` is `false`. Otherwise it is what the function under `withLock` or
 * `tryWithLock` threw after the loss.
 */
export class ErrLockLost extends LivingLockError {
  static {
    share(ErrLockLost, 'ErrLockLost');
  }

  override name = 'ErrLockLost';
  declare readonly code: 'ERR_LOCK_LOST';
  /** Who holds the lock now; `null` if nobody does, or if that cannot be found out. */
  readonly successor: LockRecord | null;
  /** Whether the lock is certainly gone. If not, the store has been silent for so long that it may be. */
  readonly isCertain: boolean;

  constructor(lock: string, successor: LockRecord | null, silence?: Silence) {
    super(lock, 'ERR_LOCK_LOST', describeLoss(lock, successor, silence), silence && { cause: silence.cause });
    this.successor = successor;
    this.isCertain = silence === undefined;
  }
}

/** A store that does not answer. */
export interface Silence {
  /** Milliseconds since the last heartbeat that it has confirmed. */
  readonly since: number;
  /** What went wrong last; `undefined` if no answer came at all. */
  readonly cause: unknown;
}

function describeLoss(lock: string, successor: LockRecord | null, silence: Silence | undefined): string {
  if (silence !== undefined) {
    const { since, cause } = silence;
    const last = isError(cause) ? cause.message.replace(/\.$/, '') : 'no answer came';
    return (
      `${lock} counts as lost: its last confirmed heartbeat was ${formatDuration(since)} ago, and because its store does not answer, ` +
      `another process may have taken it over. Stop working: this run may no longer be exclusive. The last error: ${last}.`
    );
  }
  const how =
    successor === null
      ? 'nobody holds it now. It was broken or deleted, or taken over by a run that has since ended'
      : `${describeProcess(successor)} holds it now. It took the lock over after this process had stopped heartbeating, or got it after somebody had broken or deleted it`;
  return (
    `${lock} was lost: ${how}. Stop working: this run is no longer exclusive. ` +
    'If it was only slow, raise `staleTimeout` or call `heartBeat()` more often.'
  );
}

/** Why a store could not do what was asked of it. */
export interface StoreFailure {
  readonly code: string;
  readonly reason: string;
  /** In sentences; empty if the reason already says it. Default: empty. */
  readonly remedy?: string;
  readonly cause?: unknown;
  readonly isInDoubt?: boolean;
}

/**
 * The store could not do what was asked: no permission, a full disk, a path that is not a regular file, a process that is
 * paused in the middle of a change. `code` is the system's own, such as `EACCES`; the original error is the `cause`.
 */
export class ErrLockStore extends LivingLockError {
  static {
    share(ErrLockStore, 'ErrLockStore');
  }

  override name = 'ErrLockStore';
  /**
   * Whether the store may have made the change, with only the answer lost. Also `true` where the store cannot tell, which may be the case for a
   * refused connection.
   *
   * Default: `true`.
   */
  readonly isInDoubt: boolean;

  /** For stores: how a store of your own reports an error, with the original one as the `cause`. */
  constructor(
    lock: string,
    code: string,
    message: string,
    { isInDoubt = true, ...options }: ErrorOptions & { readonly isInDoubt?: boolean | undefined } = {},
  ) {
    super(lock, code, message, options);
    this.isInDoubt = isInDoubt;
  }

  /**
   * What the store could not do, why, and what to do about it: every store's messages have this form.
   *
   * @internal
   */
  static of(
    lock: string,
    attempted: string,
    { code, reason, remedy = '', ...options }: StoreFailure,
  ): ErrLockStore {
    const message = `Cannot ${attempted} ${lock}: ${reason}${remedy && `. ${remedy}`}`;
    return new ErrLockStore(lock, code, message, options);
  }

  /**
   * Wraps a system error: puts what was attempted before its message, and what to do after it (the usual remedy for its code, or
   * the given one). Other errors are bugs and are passed on unchanged.
   *
   * @internal
   */
  static from(
    lock: string,
    attempted: string,
    error: unknown,
    remedies: Readonly<Record<string, string>> = {},
  ): unknown {
    if (error instanceof LivingLockError || !isError(error)) return error;
    const code = systemCode(error);
    if (code === null) return error;
    const reason = withoutInternals(messageOf(error), lock).replace(/\.$/, '');
    const remedy = remedies[code] ?? remedyFor(code);
    return ErrLockStore.of(lock, attempted, { code, reason, remedy, cause: error });
  }
}

/**
 * Something that does not belong to livinglock is where the lock should be: a file that is neither a lock nor what a crash left of one, or something
 * other than a guard in the guard's place. It was not touched. Choose another path.
 */
export class ErrNotALock extends LivingLockError {
  static {
    share(ErrNotALock, 'ErrNotALock');
  }

  override name = 'ErrNotALock';
  declare readonly code: 'ERR_NOT_A_LOCK';
  /** What is there, in words. */
  readonly found: string;

  constructor(lock: string, found: string) {
    super(
      lock,
      'ERR_NOT_A_LOCK',
      `${lock} cannot be a lock: ${found}. Nothing was changed. Move it away, or choose another path for the lock.`,
    );
    this.found = found;
  }
}

/**
 * A write that came too late: a later holder of the lock has already claimed the fence. Roll the transaction back and stop working, because
 * another run is at work. `docs/fencing.md` explains fences.
 */
export class ErrFenced extends LivingLockError {
  static {
    share(ErrFenced, 'ErrFenced');
  }

  override name = 'ErrFenced';
  declare readonly code: 'ERR_FENCED';
  /** The token of the refused holder. */
  readonly fencingToken: number;
  /** The greatest token that has claimed the fence. */
  readonly newestToken: number;

  constructor(lock: string, fencingToken: number, newestToken: number) {
    super(
      lock,
      'ERR_FENCED',
      `${lock} is fenced off for this run: its fencing token ${fencingToken} is out of date, because a later holder has claimed the fence with ${newestToken}. ` +
        'Roll back this transaction and stop working: another run has taken over.',
    );
    this.fencingToken = fencingToken;
    this.newestToken = newestToken;
  }
}

/**
 * A stalled holder could not be ended, or must not be (`terminateStalled`). It still holds the lock. The `cause` says why. If one
 * of its processes must not be ended, none of them was signalled.
 */
export class ErrTerminationFailed extends LivingLockError {
  static {
    share(ErrTerminationFailed, 'ErrTerminationFailed');
  }

  override name = 'ErrTerminationFailed';
  declare readonly code: 'ERR_TERMINATION_FAILED';
  /** The holder that is still running. */
  readonly holder: LockRecord;

  constructor(lock: string, holder: LockRecord, cause: Error) {
    const { hostname } = holder.process;
    super(
      lock,
      'ERR_TERMINATION_FAILED',
      `${lock} is held by ${describeProcess(holder)}, which has stalled and could not be ended: ${cause.message}. ` +
        `Nothing was taken over. End it yourself${hostname === null ? '' : ` on ${oneLine(hostname)}`}, or leave out --kill-stalled (\`terminateStalled\`) to take over without ending it. ` +
        'If that process no longer exists, remove the lock with `livinglock break`.',
      { cause },
    );
    this.holder = holder;
  }
}

/** Removes the failed system call from a message, unless its path helps the reader: the lock and files in the guard do not. */
export function withoutInternals(message: string, lock: string): string {
  const [reason, ...others] = message.split(/, [a-z]+ (?='\/)/s);
  if (reason !== undefined && others.join() === `'${lock}'`) return reason;
  return message.replace(/, [a-z]+ '[^']*(?:\.guard\b|\/proc\/self\/fd\/).*'$/s, '');
}
