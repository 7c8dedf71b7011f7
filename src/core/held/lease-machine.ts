import { ErrLockLost } from '../errors.js';
import type { LockRecord } from '../record/record.js';

/** What is known about a lock from its acquisition on. Every change is a {@link transition}. */
export type Lease = Tenure | Released | Lost;

/** A lock that counts as held by this process. */
interface Tenure {
  /** `releasing`: a release is in flight. */
  readonly is: 'held' | 'releasing';
  /** When the last heartbeat that the store confirmed was sent, on the monotonic clock. */
  readonly confirmedAt: number;
  /** What is wrong with the store since its last answer. */
  readonly trouble: Trouble | null;
  /** Whether a release failed that the store may have carried out. */
  readonly isReleaseInDoubt: boolean;
  /** Whether nobody will call `release` again, so that the lease has to repeat it. */
  readonly isUnwanted: boolean;
}

interface Released {
  readonly is: 'released';
}

export interface Lost {
  readonly is: 'lost';
  readonly error: ErrLockLost;
  /** Whether a call has rejected with it. */
  readonly isReported: boolean;
  /** Whether the store may still name this process, because it has not answered. */
  readonly mayBeOurs: boolean;
}

interface Trouble {
  /** `undefined` if no answer came at all. */
  readonly cause: unknown;
  /** Whether another server may have replaced the one that answers, so that only a heartbeat that is written ends it. */
  readonly isDemotion: boolean;
}

/** What stays the same for the life of a lease. */
interface Terms {
  /** The lock's canonical name. */
  readonly name: string;
  /** Milliseconds after a heartbeat from which others may take over. */
  readonly staleTimeout: number;
}

/** What happens to a lease. Times are milliseconds on the monotonic clock. */
export type LeaseEvent =
  /**
   * The store names this process as the holder, with a heartbeat not older than `beatAt`; `null` if its age says nothing. `writtenAt`: when it
   * answered that it has just written that heartbeat.
   */
  | { readonly type: 'confirmed'; readonly beatAt: number | null; readonly writtenAt?: number }
  /** The store no longer names this process. */
  | { readonly type: 'gone'; readonly successor: LockRecord | null; readonly toldTo: 'release' | 'others' }
  /** The store failed with that cause, or was asked and has not answered by now. */
  | { readonly type: 'unanswered'; readonly at: number; readonly cause?: unknown }
  /** A server that takes no writes any longer, such as a replica, has refused a heartbeat. What it says about the lock may be old. */
  | { readonly type: 'demoted'; readonly at: number; readonly cause: unknown }
  /** Time has passed. */
  | { readonly type: 'time'; readonly at: number }
  /** The job is done with the lock, or asks again whether it is released. */
  | { readonly type: 'release' }
  | { readonly type: 'released' }
  | { readonly type: 'release-failed' }
  /** Nobody will call `release` again. */
  | { readonly type: 'unwanted' }
  /** A call has rejected with the loss. */
  | { readonly type: 'reported' };

/**
 * What has to be done after a transition.
 *
 * - `end`: there is nothing more to find out, and no release is needed when the process exits.
 * - `abort`: tell the job that the lock is lost.
 * - `interrupt`: end the calls that wait for an answer from the store.
 * - `release`: send a release, whose answer decides.
 * - `remove`: send a release, and take the lock back later if the store turns out to hold it still.
 */
export type Effect = 'end' | 'abort' | 'interrupt' | 'release' | 'remove';

interface Transition {
  readonly lease: Lease;
  readonly effects: readonly Effect[];
}

/** A lease that begins just before its claim was sent: its first heartbeat must not seem younger than it is. */
export function newLease(claimedAt: number): Lease {
  return {
    is: 'held',
    confirmedAt: claimedAt,
    trouble: null,
    isReleaseInDoubt: false,
    isUnwanted: false,
  };
}

/**
 * The only place where a lease changes. Once `staleTimeout` has passed since the last confirmed heartbeat, others may take over. While the
 * store answers, it says whether somebody has. If it does not answer, or only by a server that was demoted, the lock then counts as lost, because
 * nobody can tell.
 */
export function transition(lease: Lease, event: LeaseEvent, terms: Terms): Transition {
  switch (lease.is) {
    case 'held':
    case 'releasing':
      return ofTenure(lease, event, terms);
    case 'released':
      return unchanged(lease);
    case 'lost':
      return ofLoss(lease, event);
  }
}

function ofTenure(lease: Tenure, event: LeaseEvent, terms: Terms): Transition {
  switch (event.type) {
    case 'confirmed':
      return {
        lease: lease.trouble?.isDemotion && event.writtenAt === undefined ? lease : confirmed(lease, event),
        effects: lease.is === 'held' && lease.isUnwanted ? ['release'] : [],
      };
    case 'gone':
      return ofAbsence(lease, event.successor, event.toldTo, terms);
    case 'unanswered':
      return inTrouble(lease, event, lease.trouble?.isDemotion ?? false, terms);
    case 'demoted':
      return inTrouble(lease, event, true, terms);
    case 'time':
      return atTime(lease, event.at, terms);
    case 'release':
      return { lease: { ...lease, is: 'releasing' }, effects: [] };
    case 'released':
      return { lease: { is: 'released' }, effects: ['end'] };
    case 'release-failed':
      return { lease: { ...lease, is: 'held', isReleaseInDoubt: true }, effects: [] };
    case 'unwanted':
      return { lease: { ...lease, isUnwanted: true }, effects: [] };
    case 'reported':
      return unchanged(lease);
  }
}

function confirmed(
  lease: Tenure,
  { beatAt, writtenAt = lease.confirmedAt }: Extract<LeaseEvent, { type: 'confirmed' }>,
): Tenure {
  // By a clock that was ahead, as that of a test that has ended.
  const isAhead = lease.confirmedAt > writtenAt;
  const sentAt = beatAt ?? lease.confirmedAt;
  return { ...lease, confirmedAt: isAhead ? sentAt : Math.max(lease.confirmedAt, sentAt), trouble: null };
}

function inTrouble(
  lease: Tenure,
  { at, cause = lease.trouble?.cause }: { readonly at: number; readonly cause?: unknown },
  isDemotion: boolean,
  terms: Terms,
): Transition {
  return atTime({ ...lease, trouble: { cause, isDemotion } }, at, terms);
}

/** If a release has removed the lock, or may have, nobody else has taken it: the answer to the release decides. */
function ofAbsence(
  lease: Tenure,
  successor: LockRecord | null,
  toldTo: 'release' | 'others',
  { name }: Terms,
): Transition {
  if (toldTo === 'release') return lose(new ErrLockLost(name, successor));
  if (lease.is === 'releasing') return unchanged(lease);
  return lease.isReleaseInDoubt ? { lease, effects: ['release'] } : lose(new ErrLockLost(name, successor));
}

function atTime(lease: Tenure, at: number, { name, staleTimeout }: Terms): Transition {
  const since = at - lease.confirmedAt;
  if (lease.trouble === null || since < staleTimeout) return unchanged(lease);
  const error = new ErrLockLost(name, null, { since, cause: lease.trouble.cause });
  return {
    lease: { is: 'lost', error, isReported: false, mayBeOurs: !lease.isUnwanted },
    effects: ['end', 'interrupt', 'abort', ...(lease.isUnwanted ? (['remove'] as const) : [])],
  };
}

function lose(error: ErrLockLost): Transition {
  return { lease: { is: 'lost', error, isReported: false, mayBeOurs: false }, effects: ['end', 'abort'] };
}

/** A record that may have been left behind must not keep others out longer than necessary. */
function ofLoss(lease: Lost, { type }: LeaseEvent): Transition {
  if (type === 'reported') return { lease: { ...lease, isReported: true }, effects: [] };
  return type === 'release' && lease.mayBeOurs
    ? { lease: { ...lease, mayBeOurs: false }, effects: ['remove'] }
    : unchanged(lease);
}

function unchanged(lease: Lease): Transition {
  return { lease, effects: [] };
}
