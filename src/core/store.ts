import type { ProcessIdentity } from '../system/processes/process-identity.js';
import type { LockRecord, Progress } from './record.js';

/** A store may answer at once; the file store does, so that a heartbeat is on disk before the call returns. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Which process can have written a record, by what the store knows of the place where it lies.
 *
 * - `this-boot`: a process of the running boot of this machine.
 * - `earlier-boot`: a process of this machine, but before it was last started. All of those are dead.
 * - `this-machine`: a process of this machine; the record does not say of which boot.
 * - `unknown`: possibly a process of another machine.
 */
export type Provenance = 'this-boot' | 'earlier-boot' | 'this-machine' | 'unknown';

/** What a store found under a name. */
export interface Stored {
  /** Names exactly this state, the heartbeat included: two reads with the same version saw the same. */
  readonly version: string;
  /** `null` where the content is no record: it is torn, or `foreign`. */
  readonly record: LockRecord | null;
  /** What was found instead of a lock, in words, where it must not be touched. A store that holds nothing but locks leaves it out. */
  readonly foreign?: string;
  /** Milliseconds since the last heartbeat; without a record, since the content was last changed. Never negative. */
  readonly age: number;
  readonly provenance: Provenance;
  /**
   * Milliseconds since the record was last written, negative if that time is still to come, by the clock on which processes begin. Left out
   * where the store does not know; then a record that names only a PID names whichever process has it.
   */
  readonly writtenAge?: number | undefined;
  /**
   * The ID of the user who has written the record, as the system says and not the record. `terminateStalled` ends what that user could end. `null` where somebody else may have written it. Left out where the store has no such users; then `terminateStalled` ends only
   * processes of the contender's own user.
   */
  readonly writer?: number | null | undefined;
}

/** What a contender says of itself when it asks for the lock. The store adds the times and the fencing token. */
export interface Claim {
  readonly token: string;
  readonly process: ProcessIdentity;
  readonly workers: readonly ProcessIdentity[];
  readonly staleTimeout: number;
  readonly command: string | null;
  readonly user: string | null;
  /** The working folder. */
  readonly cwd: string | null;
  readonly owner: string | null;
}

/** What a heartbeat brings with it; what is left out stays as it was. */
export interface Beat {
  readonly progress?: Progress | undefined;
  readonly workers?: readonly ProcessIdentity[] | undefined;
}

/** Either it was done, or the lock was no longer what the caller had named, and nothing was changed. */
export type Outcome =
  | { readonly done: true; readonly record: LockRecord }
  | { readonly done: false; readonly found: LockRecord | null };

/**
 * Holds the records of locks and changes them only conditionally. Each operation is atomic, and does nothing and says so
 * when the lock is no longer what the caller names. A store owns the clock that ages heartbeats, and hands out fencing
 * tokens, each greater than all before it under the same name.
 *
 * The shape follows ShedLock's storage accessor (insert, update, extend, unlock), with `claim` for the first two.
 */
export interface Store {
  /** The canonical form of a lock's name. Throws a `TypeError` for one that cannot be used. */
  resolve(name: string): string;

  /** What is there now, or `null`. Changes nothing. */
  read(name: string): Awaitable<Stored | null>;

  /**
   * Makes the claimant the holder: where nothing is, or, with `over`, in place of exactly that version.
   * Throws `ErrLockBusy` where someone else is in the middle of the same.
   */
  claim(name: string, claim: Claim, over?: string): Awaitable<Outcome>;

  /** Renews the heartbeat of the holder with that token, unless it has released the lock. */
  beat(name: string, token: string, beat: Beat): Awaitable<Outcome>;

  /**
   * Gives up the lock of the holder with that token.
   *
   * With `hold`, in milliseconds, its record stays for others to judge by: with that `hold`, and the time of the release in place of
   * the heartbeat's.
   *
   * One that fails is sent again, since it may have been carried out with only the answer lost: as far as the store can know its own work,
   * the second call is done too.
   *
   * Either way nothing of the work is kept: command, user, working folder, progress and workers, see `releasedRecord`.
   */
  remove(name: string, token: string, hold?: number): Awaitable<Outcome>;

  /**
   * The names of all locks of which there is a record, in alphabetical order. For `livinglock status`; may be left out where
   * that cannot be told.
   */
  names?(): Awaitable<readonly string[]>;
}
