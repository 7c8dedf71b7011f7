import { DAY, type Days, HOUR, MINUTE, type Times, type Timing, WEEK } from './timing.js';

export const ALL_MINUTES: readonly number[] = range(0, 59);
export const ALL_HOURS: readonly number[] = range(0, 23);
export const ALL_MONTHS: readonly number[] = range(1, 12);

/** The longest gap between two 29 Februaries is eight years. */
const YEARS = 9;

/** `null` for an interval that is not in minutes, or does not divide the next larger unit evenly, such as 7 minutes or 2 days. */
export function timesOf(timing: Timing): Times | null {
  if (timing.kind === 'at') return timing.times;
  const { seconds } = timing;
  const midnight: Times = { minutes: [0], hours: [0], days: { by: 'any' }, months: ALL_MONTHS };
  if (seconds === WEEK) return { ...midnight, days: { by: 'week', weekdays: [0] } };
  if (seconds === DAY) return midnight;
  if (divides(HOUR, seconds, DAY)) return { ...midnight, hours: range(0, 23, seconds / HOUR) };
  if (divides(MINUTE, seconds, HOUR))
    return { ...midnight, hours: ALL_HOURS, minutes: range(0, 59, seconds / MINUTE) };
  return null;
}

/** The first of these times that is later, in local time; `null` without one, as for 30 February. */
export function nextRun(times: Times, after: Date): Date | null {
  const last = after.getFullYear() + YEARS;
  const day = new Date(after.getFullYear(), after.getMonth(), after.getDate());
  for (; day.getFullYear() < last; day.setDate(day.getDate() + 1)) {
    if (!isOn(day, times)) continue;
    for (const hour of times.hours) {
      for (const minute of times.minutes) {
        const time = new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute);
        if (time > after) return time;
      }
    }
  }
  return null;
}

function isOn(day: Date, { months, days }: Times): boolean {
  return months.includes(day.getMonth() + 1) && isOneOf(day, days);
}

function isOneOf(day: Date, days: Days): boolean {
  switch (days.by) {
    case 'any':
      return true;
    case 'month':
      return days.days.includes(day.getDate());
    case 'week':
      return days.weekdays.includes(day.getDay());
    case 'either':
      return days.days.includes(day.getDate()) || days.weekdays.includes(day.getDay());
  }
}

/** The next shorter and the next longer interval that a calendar with minutes as its unit can express, in seconds. */
export function nearestIntervals(seconds: number): number[] {
  const below = INTERVALS.filter((interval) => interval < seconds).at(-1);
  const above = INTERVALS.find((interval) => interval > seconds);
  return [below, above].filter((interval) => interval !== undefined);
}

/** Both ends included. */
export function range(first: number, last: number, step = 1): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

/** The step between numbers that cover a field evenly from its start; `null` for others. */
export function stepOf(numbers: readonly number[], all: readonly number[]): number | null {
  const step = all.length / numbers.length;
  const isEven = Number.isInteger(step) && numbers.every((number, index) => number === index * step);
  return isEven && numbers.length > 1 ? step : null;
}

/** A list of numbers, in which runs of consecutive ones are given by their ends: `1-3,7`. */
export function listOf(numbers: readonly number[], format: (number: number) => string, to: string): string {
  return runsOf(numbers)
    .map(([first, last]) => (first === last ? format(first) : `${format(first)}${to}${format(last)}`))
    .join(',');
}

function runsOf(numbers: readonly number[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs;
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
