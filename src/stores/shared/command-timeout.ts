import { longDuration } from '../../core/options/validate.js';

/** In milliseconds: longer than a failover to another server usually takes, and short enough for a job that somebody waits for. */
const DEFAULT = 30_000;

/** Reads the option of that name, in milliseconds. Throws a `TypeError` or `RangeError` for anything that is not a duration. */
export function readCommandTimeout(value: unknown = DEFAULT): number {
  const limit = longDuration('commandTimeout', value);
  if (limit === 0) throw new RangeError('The option `commandTimeout` must be more than 0.');
  return limit;
}
