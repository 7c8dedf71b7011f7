import type { Predecessor } from '../acquire/predecessor.js';
import type { ErrLockBusy, ErrLockLost } from '../errors.js';
import type { LockRecord, Progress } from '../record/record.js';

/** What every event says. All durations are milliseconds. */
export interface LockEvent {
  /** The lock's canonical name: for a file, its absolute path, with symbolic links to its folder resolved. */
  readonly lock: string;
}

/** An event of a lock that this process holds, or has just lost or released. */
export interface HolderEvent extends LockEvent {
  /** Unique to this acquisition: all of its events have the same. */
  readonly token: string;
  /** As in {@link Lock}. */
  readonly fencingToken: number;
}

/** The lock was acquired. */
export interface AcquiredEvent extends HolderEvent {
  /** How long the call took, including all waiting. */
  readonly waited: number;
  /** As in {@link Lock}. */
  readonly predecessor: Predecessor | null;
}

/** The lock was taken over from a dead or stalled holder. */
export interface TakeoverEvent extends HolderEvent {
  /** The holder before, and what was wrong with it. */
  readonly predecessor: Predecessor;
}

/** The lock could not be acquired, because somebody else holds it. */
export interface ContentionEvent extends LockEvent {
  /** What the holder wrote; `null` if the lock's content cannot be read yet. */
  readonly holder: LockRecord | null;
  /** Since the holder's last heartbeat; since its release if `holdAtLeast` still keeps the lock held. */
  readonly heartbeatAge: number;
  /** Its message says who holds the lock and why it counts as held. */
  readonly error: ErrLockBusy;
}

/** The lock is busy, and the call waits for it. */
export interface WaitingEvent extends ContentionEvent {
  /** The longest time to wait: the option of that name. */
  readonly wait: number;
}

/** The lock stayed busy: `acquire` rejects, and `tryWithLock` skips the run. */
export interface BusyEvent extends ContentionEvent {
  /** How long the call took, including all waiting. */
  readonly waited: number;
}

/** A heartbeat was written to the store. */
export interface HeartbeatEvent extends HolderEvent {
  /** What the job has reported so far. */
  readonly progress: Progress | null;
  /** How long the write took. */
  readonly duration: number;
  /** The time between this heartbeat and the one written before, or the acquisition. If it gets close to `staleTimeout`, it is too long. */
  readonly interval: number;
}

/** The lock was lost. */
export interface LostEvent extends HolderEvent {
  /** The time from the acquisition until the loss was noticed. */
  readonly held: number;
  /** Says who holds the lock now, and whether the loss is certain. */
  readonly error: ErrLockLost;
}

/** The lock was released. */
export interface ReleasedEvent extends HolderEvent {
  /** The time from the acquisition to the release. */
  readonly held: number;
}
