import type { Examined } from '../assess/examine.js';
import type { LockRecord } from '../record/record.js';

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

/** What a claim replaces. */
export interface Replaced {
  /** `null` if the lock was released, or never held. */
  readonly predecessor: Predecessor | null;
  /** Until when a released lock still counts as held, on the monotonic clock; `-Infinity` if it does not. */
  readonly holdUntil: number;
}

export const NO_HOLD = Number.NEGATIVE_INFINITY;

export const NOTHING: Replaced = { predecessor: null, holdUntil: NO_HOLD };

/** @param now On the monotonic clock. */
export function replacedIn(examined: Examined | null, now: number): Replaced {
  if (examined === null) return NOTHING;
  const { record, age } = examined.stored;
  const { state, reason } = examined.verdict;
  if (state === 'cooldown') return { predecessor: null, holdUntil: now + (record?.hold ?? 0) - age };
  if (state !== 'dead' && state !== 'stalled') return NOTHING;
  return { predecessor: { record, state, reason, heartbeatAge: age }, holdUntil: NO_HOLD };
}
