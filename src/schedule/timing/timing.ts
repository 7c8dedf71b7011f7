/** When a job is to run. */
export type Timing =
  | { readonly kind: 'every'; readonly seconds: number }
  /** In local time, with the text in which it was given. */
  | { readonly kind: 'at'; readonly times: Times; readonly words: string };

/** When a job runs, by the wall clock: at each combination of these fields. All lists are sorted. */
export interface Times {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: Days;
  /** 1 is January. */
  readonly months: readonly number[];
}

/** The days on which a job runs. 0 is Sunday. */
export type Days =
  | { readonly by: 'any' }
  | { readonly by: 'month'; readonly days: readonly number[] }
  | { readonly by: 'week'; readonly weekdays: readonly number[] }
  /** cron's rule if both are restricted: one of them is enough. */
  | { readonly by: 'either'; readonly days: readonly number[]; readonly weekdays: readonly number[] };

/** A text that does not describe a time. */
export class InvalidTiming extends Error {
  override name = 'InvalidTiming';
}

/** Exact and short: `every 90m`, `at mon-fri 03:30`. */
export function describeTiming(timing: Timing): string {
  return timing.kind === 'at' ? `at ${timing.words}` : `every ${describeSeconds(timing.seconds)}`;
}

export function describeSeconds(seconds: number): string {
  if (seconds % DAY === 0) return `${seconds / DAY}d`;
  if (seconds % HOUR === 0) return `${seconds / HOUR}h`;
  if (seconds % MINUTE === 0) return `${seconds / MINUTE}m`;
  return `${seconds}s`;
}

/** Parses a text of `describeSeconds`. Throws an {@link InvalidTiming} for any other text. */
export function parseSeconds(text: string): number {
  const [, number, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (number === undefined)
    throw new InvalidTiming(`${text} is not a number of seconds, minutes, hours or days.`);
  return Number(number) * (SECONDS.get(unit) ?? 1);
}

export function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** In seconds. */
export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const WEEK = 7 * DAY;

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['m', MINUTE],
  ['h', HOUR],
  ['d', DAY],
]);
