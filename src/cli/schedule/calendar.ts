import { DAY, HOUR, MINUTE, type Timing, WEEK } from './job.js';

/** A timing that falls on the same times of every hour, day or week, so that a calendar can name them. */
export type Calendar =
  | { readonly unit: 'second' | 'minute' | 'hour'; readonly step: number }
  | { readonly unit: 'day'; readonly hour: number; readonly minute: number }
  | { readonly unit: 'week' };

/** `null` for an interval that does not divide the next larger unit evenly: 7 minutes, 90 minutes, 5 hours, 2 days. */
export function calendarOf(timing: Timing): Calendar | null {
  if (timing.kind === 'at') return { unit: 'day', hour: timing.hour, minute: timing.minute };
  const { seconds } = timing;
  if (seconds === WEEK) return { unit: 'week' };
  if (seconds === DAY) return { unit: 'day', hour: 0, minute: 0 };
  if (divides(HOUR, seconds, DAY)) return { unit: 'hour', step: seconds / HOUR };
  if (divides(MINUTE, seconds, HOUR)) return { unit: 'minute', step: seconds / MINUTE };
  if (divides(1, seconds, MINUTE)) return { unit: 'second', step: seconds };
  return null;
}

/** The intervals nearest to that one, below and above, which a calendar of whole minutes can name; in seconds. */
export function nearestIntervals(seconds: number): number[] {
  const below = INTERVALS.filter((interval) => interval < seconds).at(-1);
  const above = INTERVALS.find((interval) => interval > seconds);
  return [below, above].filter((interval) => interval !== undefined);
}

function divides(unit: number, seconds: number, whole: number): boolean {
  return seconds < whole && seconds % unit === 0 && whole % seconds === 0;
}

const INTERVALS: readonly number[] = [
  ...[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR),
  DAY,
  WEEK,
];
