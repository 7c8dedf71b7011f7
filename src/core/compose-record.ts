import type { LockRecord } from './record.js';
import type { Claim } from './store.js';

/** What a store adds to a claim. */
export interface ClaimedAt {
  /** By the store's wall clock. */
  readonly now: Date;
  /** On the monotonic clock of the claimant's boot, if the store ages heartbeats by it; else `null`. */
  readonly monotonic: number | null;
  /** Greater than all before it under the same name. */
  readonly fencingToken: number;
}

/** The record of a lock that is claimed just now. For stores. */
export function composeRecord(claim: Claim, { now, monotonic, fencingToken }: ClaimedAt): LockRecord {
  return {
    processId: claim.process.pid,
    timestamp: now,
    token: claim.token,
    fencingToken,
    acquiredAt: now,
    staleTimeout: claim.staleTimeout,
    monotonic,
    process: claim.process,
    workers: claim.workers,
    command: claim.command,
    user: claim.user,
    cwd: claim.cwd,
    owner: claim.owner,
    progress: null,
    hold: null,
  };
}

/** When, and for how long, a lock was released that is to be held on. */
export interface ReleasedAt extends Pick<ClaimedAt, 'now' | 'monotonic'> {
  /** For so many milliseconds from `now` on the lock still counts as held. */
  readonly hold: number;
}

/**
 * What stays of the record of a lock that was released early: who held it, and until when it counts as held. What ran, as whom, where
 * and how far is of no use any more, and may be nobody else's business. For stores.
 */
export function releasedRecord(record: LockRecord, { now, monotonic, hold }: ReleasedAt): LockRecord {
  return {
    ...record,
    timestamp: now,
    monotonic,
    workers: [],
    command: null,
    user: null,
    cwd: null,
    progress: null,
    hold,
  };
}
