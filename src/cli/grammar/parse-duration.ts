import { inOneUnit, millisecondsOf } from '../../core/options/duration.js';
import type { Duration } from '../../index.js';
import { InvalidArgument } from './invalid-argument.js';

/**
 * Milliseconds of a duration such as `30s`, `5m`, `2h`. A bare number means seconds, because flock(1) and timeout(1) read it
 * that way; `infinity` means no limit.
 */
export function parseDuration(text: string): number {
  if (/^inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  const milliseconds = parse(text);
  if (milliseconds === undefined || !(milliseconds >= 0)) {
    throw new InvalidArgument(`A duration is a number and a unit, such as 30s, 5m, 2h.${inOneUnit(text)}`);
  }
  return milliseconds;
}

/** Like {@link parseDuration}, but rejects zero and `infinity`. */
export function parsePositiveDuration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds > 0 && Number.isFinite(milliseconds)) return milliseconds;
  throw new InvalidArgument('It must be more than 0 and finite.');
}

/** Like {@link parseDuration}, but rejects `infinity`. */
export function parseFiniteDuration(text: string): number {
  const duration = parseDuration(text);
  if (Number.isFinite(duration)) return duration;
  throw new InvalidArgument('It must be finite.');
}

/** For the library, which refuses small numbers because their unit may have been mixed up. Here it was clear. */
export function withUnit(milliseconds: number): Duration {
  return milliseconds < 1000 ? `${milliseconds}ms` : milliseconds;
}

function parse(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : millisecondsOf(text);
}
