import { LATEST_FENCING_TIME } from '../shared/fencing-time.js';

/** The greatest that this process has handed out, for any lock. */
let lastFencingToken = 0;

/**
 * A released lock leaves nothing behind to count on from, so the time in microseconds replaces a counter. The tokens that
 * this process handed out before make up for a clock that was set back meanwhile.
 */
export function nextFencingToken(previous: number, now: number): number {
  const time = Math.min(Math.floor(now * 1000), LATEST_FENCING_TIME);
  lastFencingToken = Math.max(previous + 1, lastFencingToken + 1, time);
  return lastFencingToken;
}
