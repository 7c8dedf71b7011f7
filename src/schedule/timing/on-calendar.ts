import { ALL_HOURS, ALL_MINUTES, ALL_MONTHS, listOf, stepOf, timesOf } from './calendar.js';
import { MINUTE, type Times, type Timing, twoDigits } from './timing.js';

const WEEKDAYS = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/**
 * Expressions for `OnCalendar=`, each of which starts the timer (systemd.time(7), "Calendar Events"); `null` for an interval that no
 * expression can describe.
 */
export function onCalendar(timing: Timing): string[] | null {
  const times = timesOf(timing);
  if (times !== null) return expressionsOf(times);
  const isEven = timing.kind === 'every' && timing.seconds < MINUTE && MINUTE % timing.seconds === 0;
  return isEven ? [`*-*-* *:*:00/${timing.seconds}`] : null;
}

/** Within one expression, weekday and day of the month must both match. */
function expressionsOf({ minutes, hours, days, months }: Times): string[] {
  const month = months.length === ALL_MONTHS.length ? '*' : list(months, twoDigits);
  const time = `${field(hours, ALL_HOURS)}:${field(minutes, ALL_MINUTES)}:00`;
  const byMonth = (each: readonly number[]) => `*-${month}-${list(each, twoDigits)} ${time}`;
  const byWeek = (each: readonly number[]) => `${weekdays(each)} *-${month}-* ${time}`;
  switch (days.by) {
    case 'any':
      return [`*-${month}-* ${time}`];
    case 'month':
      return [byMonth(days.days)];
    case 'week':
      return [byWeek(days.weekdays)];
    case 'either':
      return [byMonth(days.days), byWeek(days.weekdays)];
  }
}

function field(numbers: readonly number[], all: readonly number[]): string {
  const step = stepOf(numbers, all);
  if (step === null) return list(numbers, twoDigits);
  return step === 1 ? '*' : `00/${step}`;
}

/** The week of systemd begins on Monday. */
function weekdays(numbers: readonly number[]): string {
  const sorted = numbers.map((number) => (number === 0 ? 7 : number)).sort();
  return list(sorted, (number) => WEEKDAYS[number] ?? '');
}

function list(numbers: readonly number[], format: (number: number) => string): string {
  return listOf(numbers, format, '..');
}
