import type { Claim } from '../store.js';
import type { LockRecord } from './record.js';

/** What a store adds to a claim. */
export interface ClaimedAt {
  /** By the store's wall clock. */
  readonly now: Date;
  /** On the monotonic clock of the claimant's boot, if the store ages heartbeats by it; otherwise `null`. */
  readonly monotonic: number | null;
  /** Greater than all earlier ones under the same name. */
  readonly fencingToken: number;
}

/** The record of a lock that is being claimed. For stores. */
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

/** When a lock was released, and how long it stays held. */
export interface ReleasedAt extends Pick<ClaimedAt, 'now' | 'monotonic'> {
  /** The lock still counts as held for this many milliseconds after `now`. */
  readonly hold: number;
}

/**
 * What remains of the record of a lock that was released early: who held it, and until when it counts as held. The command, its user,
 * folder and progress are no longer needed, and may be private. For stores.
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
