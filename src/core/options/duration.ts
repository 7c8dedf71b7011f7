import ms from 'ms';

type Short = 'ms' | 's' | 'm' | 'h' | 'd' | 'w' | 'y';
type Abbreviation = 'msec' | 'sec' | 'min' | 'hr' | 'yr';
type Name = 'millisecond' | 'second' | 'minute' | 'hour' | 'day' | 'week' | 'year';
type Unit = Short | Abbreviation | Name | `${Abbreviation | Name}s`;

type AnyCase = Unit | Uppercase<Unit>;

/**
 * A number and a unit, such as `'90s'`, `'5m'`, `'1.5h'`, `'2 days'`; or a number of milliseconds. The units are those of the package `ms`: `ms`,
 * `s`, `m` (minutes), `h`, `d`, `w`, `y`, and their names.
 *
 * {@link toDuration} turns text that is known only at run time into a duration. For an object in a variable, write
 * `const options = { staleTimeout: '30m' } as const`: otherwise TypeScript widens the text to `string`.
 */
export type Duration = number | `${number}${AnyCase}` | `${number} ${AnyCase}`;

/** The only number that needs no unit. */
const ZERO = '0';

/** A {@link Duration} in text. */
type DurationText = Exclude<Duration, number>;

/**
 * Checks text that comes from the environment, a command line or a file, and returns it as a duration. Throws a `RangeError` unless it is `'0'`, or
 * a number and a unit, and not negative.
 *
 * @example
 * import { toDuration, withLock } from 'livinglock';
 *
 * const staleTimeout = toDuration(process.env.STALE_TIMEOUT ?? '30m');
 * await withLock('/var/lib/importer/nightly.lock', { staleTimeout }, async (lock) => {
 *   await lock.heartBeat();
 * });
 */
export function toDuration(text: string): Duration {
  if (typeof text !== 'string')
    throw new TypeError(`toDuration needs a string, not ${text === null ? 'null' : typeof text}.`);
  if (text === ZERO) return 0;
  if (endsWithUnit(text) && ms(text) >= 0) return text;
  throw new RangeError(
    hasNoUnit(text)
      ? `'${text}' has no unit: ${bothReadings(text)}.`
      : `'${text}' is not a duration: write a number and a unit, such as '90s', '5m' or '2h'.${inOneUnit(text)}`,
  );
}

/** Milliseconds; `undefined` for text that is not a duration. */
export function millisecondsOf(text: string): number | undefined {
  if (text === ZERO) return 0;
  // For such text `ms` returns `undefined`, whatever its types say.
  return endsWithUnit(text) ? ms(text) : undefined;
}

/** Whether it is just a number: `ms` would take it for milliseconds, the command for seconds. */
export function hasNoUnit(text: string): boolean {
  return text !== ZERO && /^\d*\.?\d+ *$/.test(text);
}

/** The two ways to write a number so that its unit is clear. */
export function bothReadings(number: number | string): string {
  const digits = String(number).trim();
  return `write '${digits}s' for seconds, or '${digits}ms' for milliseconds`;
}

/** What to write instead of several numbers with units, such as `1h30m`: a sentence, with a space in front. Empty for any other text. */
export function inOneUnit(text: string): string {
  if (!/^(?:\d+(?:\.\d+)? *[a-z]+ *){2,}$/i.test(text)) return '';
  const parts = text.match(/[\d.]+ *[a-z]+/gi) ?? [];
  const milliseconds = parts.reduce((sum, part) => sum + (millisecondsOf(part) ?? Number.NaN), 0);
  const [unit = ''] = /[a-z]+(?= *$)/i.exec(text) ?? [];
  const count = milliseconds / (millisecondsOf(`1${unit}`) ?? Number.NaN);
  if (Number.isNaN(count)) return '';
  return ` Write ${Number.isInteger(count) ? `${count}${unit}` : `${milliseconds}ms`} instead of ${text.trim()}.`;
}

function endsWithUnit(text: string): text is DurationText {
  return /[a-z]$/i.test(text);
}
