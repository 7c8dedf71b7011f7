/**
 * In the year 2255, where safe integers end, a fencing token stops following the time in microseconds and only counts, in the room
 * that is left below what a record may contain: a clock that was wrong for a moment must not end all counting.
 */
export const LATEST_FENCING_TIME = Number.MAX_SAFE_INTEGER - 2 ** 33;
