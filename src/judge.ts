import type { Liveness } from './processes/process-table.js';
import { isBare } from './record.js';
import type { Stored } from './stores/store.js';

/** What is to be thought of a lock's holder, and why. Only the first of the three keeps the lock. */
export type Verdict =
  | { readonly state: 'live'; readonly reason: string }
  | { readonly state: 'stalled'; readonly reason: string }
  | { readonly state: 'dead'; readonly reason: string };

/** Others may write a lock file in steps; within this many milliseconds its content may still become a record. */
const SETTLING_TIME = 2000;

/** Milliseconds: an hour, for who does not say otherwise. */
export const DEFAULT_STALE_TIMEOUT = 3_600_000;

/**
 * Decides whether a lock may be taken from its holder. Pure: it asks nobody and has no clock.
 *
 * Taking a live holder for dead breaks the lock, taking a dead one for live only delays. So `dead` needs proof, and
 * whatever is unproved counts as alive for as long as its heartbeat is fresh.
 *
 * @param liveness What the process table says of the holder and its workers together, see {@link combineLiveness}.
 * @param staleTimeout The contender's own, in milliseconds. The longer of this and the holder's counts, so that two
 *   configurations that disagree never steal from a healthy holder. Left out, the holder's counts alone.
 */
export function judge(stored: Stored, liveness: Liveness, staleTimeout?: number): Verdict {
  const { record, age, provenance } = stored;
  if (record === null) {
    return age >= SETTLING_TIME
      ? { state: 'dead', reason: 'its content names no holder and has not changed for 2 seconds' }
      : { state: 'live', reason: 'its content names no holder yet, but was changed just now' };
  }
  if (provenance === 'earlier-boot') {
    return { state: 'dead', reason: 'the machine was restarted since its last heartbeat' };
  }
  if (liveness === 'dead' && (provenance === 'this-machine' || !isBare(record.process))) {
    return { state: 'dead', reason: 'its process does not exist any more' };
  }
  if (age > longerTimeout(staleTimeout, record.staleTimeout)) {
    return { state: 'stalled', reason: 'it has not given a heartbeat for longer than its stale timeout' };
  }
  return {
    state: 'live',
    reason:
      liveness === 'alive'
        ? 'its process is alive and its heartbeat is fresh'
        : 'its heartbeat is fresh, and nothing proves from here that its process is dead',
  };
}

function longerTimeout(contenders: number | undefined, holders: number | null): number {
  if (contenders === undefined) return holders ?? DEFAULT_STALE_TIMEOUT;
  return Math.max(contenders, holders ?? 0);
}

/** Several processes count as dead together only if each of them is, and as alive if one is. */
export function combineLiveness(processes: readonly Liveness[]): Liveness {
  if (processes.includes('alive')) return 'alive';
  return processes.length > 0 && processes.every((liveness) => liveness === 'dead') ? 'dead' : 'unknown';
}
