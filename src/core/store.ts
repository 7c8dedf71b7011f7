import type { ProcessIdentity } from '../system/processes/process-identity.js';
import type { Liveness } from '../system/processes/process-table.js';
import type { LockRecord, Progress } from './record/record.js';

/** A store may answer synchronously. The file store does, so that a heartbeat is on disk before the call returns. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Which process can have written a record, judging by where the store keeps it.
 *
 * - `this-boot`: a process of the current boot of this machine.
 * - `earlier-boot`: a process of this machine from before its last start. It is dead.
 * - `this-machine`: a process of this machine; the record does not say of which boot.
 * - `unknown`: possibly a process of another machine.
 */
export type Provenance = 'this-boot' | 'earlier-boot' | 'this-machine' | 'unknown';

/** What a store found under a name. */
export interface Stored {
  /** Identifies exactly this state, including the heartbeat: two reads with the same version saw the same. */
  readonly version: string;
  /** `null` if the content is not a record: it is torn, or `foreign`. */
  readonly record: LockRecord | null;
  /** What was found instead of a lock, in words; it must not be touched. A store that contains only locks leaves this out. */
  readonly foreign?: string | undefined;
  /** Milliseconds since the last heartbeat; without a record, since the content last changed. Never negative. */
  readonly age: number;
  /** Which process can have written the record; `unknown` without a record. */
  readonly provenance: Provenance;
  /**
   * Milliseconds since the record was last written, by the clock that process start times use; negative if that time is in the future. Left out
   * if the store does not know; then a record with only a PID means whichever process has that PID.
   */
  readonly writtenAge?: number | undefined;
  /**
   * The ID of the user who wrote the record, according to the system and not to the record. `terminateStalled` ends what that user could end.
   * `null` if somebody else may have written it. Left out if the store has no such users; then `terminateStalled` ends only
   * processes of the contender's own user.
   */
  readonly writer?: number | null | undefined;
}

/** What a contender says about itself when it asks for the lock. The store adds the times and the fencing token. */
export interface Claim {
  /** Unique to this acquisition. */
  readonly token: string;
  /** The contender's process. */
  readonly process: ProcessIdentity;
  /** Processes that do its work; usually none yet. */
  readonly workers: readonly ProcessIdentity[];
  /** Milliseconds, or `Infinity`. */
  readonly staleTimeout: number;
  /** What runs under the lock. */
  readonly command: string | null;
  /** The user it runs as. */
  readonly user: string | null;
  /** The working folder. */
  readonly cwd: string | null;
  /** The option of that name. */
  readonly owner: string | null;
}

/** What a heartbeat updates; anything left out stays as it was. */
export interface Beat {
  readonly progress?: Progress | undefined;
  readonly workers?: readonly ProcessIdentity[] | undefined;
}

/** Either it was done; or the lock was no longer what the caller had named, and nothing was changed. */
export type Outcome =
  | { readonly done: true; readonly record: LockRecord }
  | { readonly done: false; readonly found: LockRecord | null };

/**
 * Stores the records of locks and changes them only conditionally. Each operation is atomic. If the lock is no longer what
 * the caller names, it changes nothing and says so. A store owns the clock that ages heartbeats, and hands out fencing
 * tokens, each greater than all earlier ones under the same name.
 *
 * The shape follows ShedLock's storage accessor (insert, update, extend, unlock), with `claim` for the first two.
 */
export interface Store {
  /**
   * Whether every operation ends by itself within seconds, because it does not use a network. Then `acquire` does not cut one off when its
   * `wait` is over. Default: `false`.
   */
  readonly isPrompt?: boolean | undefined;

  /** The canonical form of a lock's name. Throws a `TypeError` for a name that cannot be used. */
  resolve(name: string): string;

  /** What is there now, or `null`. Changes nothing. */
  read(name: string): Awaitable<Stored | null>;

  /**
   * Makes the claimant the holder: if nobody holds the lock, or, with `over`, in place of exactly that version.
   * Throws `ErrLockBusy` if someone else is changing the lock right now.
   */
  claim(name: string, claim: Claim, over?: string): Awaitable<Outcome>;

  /**
   * Whether the lock is still exactly that version. Changes nothing, but is carried out like a conditional write, so that only the server that
   * takes the writes can answer. Called before `terminateStalled` ends a holder. May be left out if `read` never returns an old state, as a replica
   * or a snapshot does.
   */
  confirm?(name: string, version: string): Awaitable<boolean>;

  /** Renews the heartbeat of the holder with that token, unless it has released the lock. */
  beat(name: string, token: string, beat: Beat): Awaitable<Outcome>;

  /**
   * Releases the lock of the holder with that token.
   *
   * With `hold`, in milliseconds, the record stays, so that others can see it: with that `hold`, and with the time of the release as
   * its heartbeat.
   *
   * A release that fails is sent again, because it may have been carried out with only the answer lost. The second call then counts as done too,
   * as far as the store can recognize its own work.
   *
   * With or without `hold`, no data about the job is kept: command, user, working folder, progress and workers, see `releasedRecord`.
   */
  remove(name: string, token: string, hold?: number): Awaitable<Outcome>;

  /**
   * What a holder's sign of life tells where process tables cannot: whether the holder, or another process that keeps the sign for it, is alive. May
   * be left out if the store keeps no signs.
   */
  askHolder?(name: string, holder: LockRecord): Promise<Liveness>;

  /**
   * The names of all locks that have a record, in alphabetical order. For `livinglock status`; may be left out if the store
   * cannot list them.
   */
  names?(): Awaitable<readonly string[]>;
}
