import type { AgeRange } from './process-table.js';

/** Milliseconds. Where start times come as dates they are rounded, and one process may be shown a second apart. */
const TOLERANCE = 2000;

/** Whether two ISO dates are near enough to be the start of one process. */
export function withinTolerance(one: string, other: string): boolean {
  const difference = Date.parse(one) - Date.parse(other);
  // What cannot be compared proves nothing, so it must not look like another process.
  return Number.isNaN(difference) || Math.abs(difference) <= TOLERANCE;
}

/** How long ago that was. */
export function ageOfDate(date: string): AgeRange {
  const age = Date.now() - Date.parse(date);
  return { least: age, most: age };
}
