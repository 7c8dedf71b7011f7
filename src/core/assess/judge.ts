import { isBare } from '../../system/processes/process-identity.js';
import type { Liveness } from '../../system/processes/process-table.js';
import { formatDuration } from '../describe-holder.js';
import type { LockRecord } from '../record/record.js';
import type { Stored } from '../store.js';
import type { OwnerRelation } from './owner.js';

/** The verdict on a lock's holder, and why. The first two keep the lock; `foreign` is somebody else's file, not a lock. */
export interface Verdict {
  readonly state: 'live' | 'cooldown' | 'stalled' | 'dead' | 'free' | 'foreign';
  readonly reason: string;
}

/** Other programs may write a lock file in steps. Within this many milliseconds its content may still become a record. */
const SETTLING_TIME = 2000;

/** Milliseconds: an hour. */
export const DEFAULT_STALE_TIMEOUT = 3_600_000;

/** Why most holders count as live. */
export const AT_WORK = 'it is alive and has not stalled';

/**
 * Decides whether a lock may be taken from its holder. Pure: reads nothing and has no clock.
 *
 * Taking over from a live holder breaks the lock; waiting for a dead one only costs time. So `dead` needs proof, and
 * without proof a holder counts as alive as long as its heartbeat is fresh.
 *
 * @param liveness What the process table says about the holder and its workers together, see {@link combineLiveness}.
 * @param staleTimeout The contender's own, in milliseconds. The longer of this and the holder's counts, so that two
 *   configurations that disagree never steal from a healthy holder. `undefined`: the holder's alone.
 * @param relation How the holder is related to the contender by its `owner` name, see {@link relationOf}.
 */
export function judge(
  stored: Stored,
  liveness: Liveness,
  staleTimeout: number | undefined,
  relation: OwnerRelation,
): Verdict {
  const { record, age, provenance, foreign } = stored;
  if (foreign !== undefined) return { state: 'foreign', reason: foreign };
  if (record === null) {
    return age >= SETTLING_TIME
      ? { state: 'dead', reason: 'it names no holder and has not changed for 2 seconds' }
      : { state: 'live', reason: 'it names no holder yet, but was changed a moment ago' };
  }
  if (record.hold !== null) {
    return age < record.hold
      ? { state: 'cooldown', reason: 'its run has ended, but it still counts as held for a while' }
      : { state: 'free', reason: 'nobody holds it' };
  }
  if (provenance === 'earlier-boot') {
    return { state: 'dead', reason: 'the machine has been restarted since its last heartbeat' };
  }
  if (liveness === 'dead' && (provenance === 'this-machine' || !isBare(record.process))) {
    return { state: 'dead', reason: 'its process no longer exists' };
  }
  if (liveness !== 'alive' && relation === 'earlier-run') {
    return { state: 'dead', reason: 'its owner was restarted on the same host' };
  }
  const timeout = timeoutOf(record, liveness, staleTimeout);
  if (age > timeout) {
    return { state: 'stalled', reason: 'it has sent no heartbeat for longer than its stale timeout' };
  }
  return { state: 'live', reason: liveness === 'alive' ? AT_WORK : unproved(timeout - age, relation) };
}

function unproved(left: number, relation: OwnerRelation): string {
  const reason =
    'its process cannot be checked from here: ' +
    `without another heartbeat, the lock can be taken over in ${formatDuration(left)}`;
  return relation === 'namesake'
    ? `${reason}; it has the same \`owner\`, but runs on another host or in a different environment`
    : reason;
}

/**
 * `Infinity` relies on seeing that the holder lives. Where nobody can see that, its heartbeats have to prove it, or a holder that was
 * killed would keep the lock forever. A holder known only by its PID has not promised any heartbeats.
 */
function timeoutOf(record: LockRecord, liveness: Liveness, contenders: number | undefined): number {
  const holders = record.staleTimeout;
  if (liveness === 'alive') return longerTimeout(contenders, holders);
  const timeout = longerTimeout(limited(contenders), limited(holders));
  return isBare(record.process) ? Math.min(timeout, DEFAULT_STALE_TIMEOUT) : timeout;
}

function limited<T>(timeout: T): T | number {
  return timeout === Number.POSITIVE_INFINITY ? DEFAULT_STALE_TIMEOUT : timeout;
}

function longerTimeout(contenders: number | undefined, holders: number | null): number {
  if (contenders === undefined) return holders ?? DEFAULT_STALE_TIMEOUT;
  return Math.max(contenders, holders ?? 0);
}

/** Several processes count as dead only if all of them are, and as alive if one of them is. */
export function combineLiveness(processes: readonly Liveness[]): Liveness {
  if (processes.includes('alive')) return 'alive';
  return processes.length > 0 && processes.every((liveness) => liveness === 'dead') ? 'dead' : 'unknown';
}
