import { ALL_HOURS, ALL_MINUTES, ALL_MONTHS, listOf, range, stepOf } from './calendar.js';
import { type Days, InvalidTiming, type Times } from './timing.js';

const WEEKDAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

interface Field {
  readonly title: string;
  readonly first: number;
  readonly last: number;
  /** Names of the numbers, starting with the first number. */
  readonly names: readonly string[];
}

const MINUTE: Field = { title: 'minute', first: 0, last: 59, names: [] };
const HOUR: Field = { title: 'hour', first: 0, last: 23, names: [] };
export const DAY_OF_MONTH: Field = { title: 'day of the month', first: 1, last: 31, names: [] };
const MONTH: Field = { title: 'month', first: 1, last: 12, names: MONTHS };
/** Sunday is 0, and 7 as well. */
export const WEEKDAY: Field = { title: 'weekday', first: 0, last: 7, names: WEEKDAYS };

/** Five fields as in crontab(5). */
export function parseCronExpression(text: string): Times {
  const [minutes = '', hours = '', days = '', months = '', weekdays = '', ...rest] = text.trim().split(/\s+/);
  if (weekdays === '' || rest.length > 0) {
    throw new InvalidTiming(
      'A cron expression has five fields: minute, hour, day of the month, month, weekday.',
    );
  }
  return {
    minutes: parseField(minutes, MINUTE),
    hours: parseField(hours, HOUR),
    days: parseDays(days, weekdays),
    months: parseField(months, MONTH),
  };
}

/**
 * If neither field is a star, cron runs a job on days that match either of them. If one is a step from a star (every second day), some
 * crons require both and others either, so that is refused.
 */
function parseDays(dayText: string, weekdayText: string): Days {
  const days = parseField(dayText, DAY_OF_MONTH);
  const weekdays = parseField(weekdayText, WEEKDAY);
  const areAllDays = days.length === 31;
  const areAllWeekdays = weekdays.length === 7;
  if (dayText.startsWith('*') || weekdayText.startsWith('*')) {
    if (areAllDays && areAllWeekdays) return { by: 'any' };
    if (areAllWeekdays) return { by: 'month', days };
    if (areAllDays) return { by: 'week', weekdays };
    throw new InvalidTiming(
      `The day of the month ${dayText} together with the weekday ${weekdayText} means different days in different versions of cron. Name the days, such as 1,3,5, or restrict only one of the two fields.`,
    );
  }
  return areAllDays || areAllWeekdays ? { by: 'any' } : { by: 'either', days, weekdays };
}

/** A list of numbers or names, ranges, and steps; sorted. Weekdays may go around the end of the week. */
export function parseField(text: string, field: Field): number[] {
  const numbers = new Set<number>();
  for (const item of text.split(',')) for (const number of parseItem(item, field)) numbers.add(number);
  return [...numbers].sort((a, b) => a - b);
}

function parseItem(item: string, field: Field): number[] {
  const [, whole = '', step = '1'] = /^([^/]+)(?:\/(\d{1,2}))?$/.exec(item) ?? [];
  const [from = '', to, ...rest] = whole === '*' ? [`${field.first}`, `${lastOf(field)}`] : whole.split('-');
  const first = parseNumber(from, field);
  let last = to === undefined ? first : parseNumber(to, field);
  if (field === WEEKDAY && first !== null && last !== null && last < first) last += 7;
  const isStepOfOne = to === undefined && item.includes('/');
  if (first === null || last === null || last < first || rest.length > 0 || Number(step) < 1 || isStepOfOne) {
    const example = field.names.length > 0 ? `${field.names[1]}-${field.names[5]}` : `${field.first}-5`;
    throw new InvalidTiming(
      `The ${field.title} "${item}" is neither a number from ${field.first} to ${field.last}, nor a range such as ${example}, nor a step such as */2.`,
    );
  }
  const numbers = range(first, last, Number(step));
  return field === WEEKDAY ? numbers.map((number) => number % 7) : numbers;
}

function lastOf(field: Field): number {
  return field === WEEKDAY ? 6 : field.last;
}

function parseNumber(text: string, field: Field): number | null {
  const index = field.names.indexOf(text.toLowerCase());
  if (index >= 0) return field.first + index;
  const number = Number(text);
  return /^\d{1,2}$/.test(text) && number >= field.first && number <= field.last ? number : null;
}

/** The five fields as numbers, ranges and lists, which every cron understands. */
export function formatCronExpression({ minutes, hours, days, months }: Times): string {
  const isByMonth = days.by === 'month' || days.by === 'either';
  const isByWeek = days.by === 'week' || days.by === 'either';
  return [
    formatField(minutes, ALL_MINUTES),
    formatField(hours, ALL_HOURS),
    isByMonth ? formatRuns(days.days) : '*',
    months.length === ALL_MONTHS.length ? '*' : formatRuns(months),
    isByWeek ? formatRuns(days.weekdays) : '*',
  ].join(' ');
}

function formatField(numbers: readonly number[], all: readonly number[]): string {
  const step = stepOf(numbers, all);
  if (step === null) return formatRuns(numbers);
  return step === 1 ? '*' : `*/${step}`;
}

function formatRuns(numbers: readonly number[]): string {
  return listOf(numbers, String, '-');
}
