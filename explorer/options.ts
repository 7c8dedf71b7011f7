/** The options with which every contender acquires, in milliseconds. Each heartbeat is written. */
export const STALE_TIMEOUT = 60_000;
export const HEARTBEAT_INTERVAL = 0;

/** A jump of the clock that makes every heartbeat stale, and every guard that can become stale. */
export const JUMP = 2 * STALE_TIMEOUT;
