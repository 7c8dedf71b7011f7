import { inOneUnit, millisecondsOf } from '../../core/options/duration.js';
import type { Duration } from '../../index.js';

// Values of options and operands.

const UNITS = ['', 'K', 'M', 'G', 'T'];
const STEP = 1024;

/** The value of an option or an operand is invalid. The message says what a valid one is. */
export class InvalidArgument extends Error {
  override name = 'InvalidArgument';
}

/** Parses like another function, but rejects some of its values. */
export function checked<T>(
  parse: (text: string) => T,
  isValid: (value: T) => boolean,
  complaint: string,
): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (isValid(value)) return value;
    throw new InvalidArgument(complaint);
  };
}

/** The text, if that is found in it. */
export function matching(pattern: RegExp, complaint: string): (text: string) => string {
  return (text) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgument(complaint);
  };
}

/** A whole number, by default above 0. */
export function parseCount(text: string, least = 1): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= least && Number.isSafeInteger(count)) return count;
  throw new InvalidArgument(`It must be a whole number${least > 0 ? ` above ${least - 1}` : ''}.`);
}

/** Bytes of a size such as `500K`, `10M`, `1G`: units of 1,024 bytes, as dd(1) and du(1) read them. */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)i?B?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * STEP ** UNITS.indexOf(unit.toUpperCase()));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgument('A size is a number and a unit, such as 500K, 10M, 1G.');
}

/**
 * Milliseconds of a duration such as `30s`, `5m`, `2h`. A bare number means seconds, because flock(1) and timeout(1) read it
 * that way; `infinity` means no limit.
 */
export function parseDuration(text: string): number {
  if (/^inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  const milliseconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : millisecondsOf(text);
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds;
  throw new InvalidArgument(`A duration is a number and a unit, such as 30s, 5m, 2h.${inOneUnit(text)}`);
}

/** Like {@link parseDuration}, but rejects zero and `infinity`. */
export const parsePositiveDuration = checked(
  parseDuration,
  (duration) => duration > 0 && Number.isFinite(duration),
  'It must be more than 0 and finite.',
);

/** Like {@link parseDuration}, but rejects `infinity`. */
export const parseFiniteDuration = checked(parseDuration, Number.isFinite, 'It must be finite.');

/** For the library, which refuses small numbers because their unit may have been mixed up. Here it was clear. */
export function withUnit(milliseconds: number): Duration {
  return milliseconds < 1000 ? `${milliseconds}ms` : milliseconds;
}
