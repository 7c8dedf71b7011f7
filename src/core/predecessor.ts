import type { Examined } from './assess/examine.js';
import type { LockRecord } from './record.js';

/** The holder that a lock was taken over from, because its run did not get to release it. */
export interface Predecessor {
  /** What it wrote last, with its progress. `null` if a crash left only part of a lock file. */
  readonly record: LockRecord | null;
  /**
   * `dead`: it no longer exists. `stalled`: it had stopped sending heartbeats, and may still be at work until it notices its loss, unless
   * `terminateStalled` has ended it.
   */
  readonly state: 'dead' | 'stalled';
  /** How that was found out, in words. */
  readonly reason: string;
  /** Milliseconds from its last heartbeat to the takeover; without a record, since the file last changed. */
  readonly heartbeatAge: number;
}

/** Whom a contender replaces by its claim; `null` if the lock was released, or never held. */
function predecessorIn(examined: Examined | null): Predecessor | null {
  if (examined === null) return null;
  const { stored, verdict } = examined;
  const { state, reason } = verdict;
  if (state !== 'dead' && state !== 'stalled') return null;
  return { record: stored.record, state, reason, heartbeatAge: stored.age };
}

/** What a claim replaces. */
export interface Replaced {
  readonly predecessor: Predecessor | null;
  /** Until when a released lock still counts as held, on the monotonic clock; 0 if it does not. */
  readonly holdUntil: number;
}

export const NOTHING: Replaced = { predecessor: null, holdUntil: 0 };

/** @param now On the monotonic clock. */
export function replacedIn(examined: Examined | null, now: number): Replaced {
  const predecessor = predecessorIn(examined);
  if (examined?.verdict.state !== 'cooldown') return { predecessor, holdUntil: 0 };
  const { record, age } = examined.stored;
  return { predecessor, holdUntil: now + (record?.hold ?? 0) - age };
}
