import { InvalidArgument, parseCount, parsePositiveDuration } from '../grammar/parse-value.js';

/** What a number must not exceed. */
export interface Limit {
  /** `null`: there is no warning. */
  readonly warning: number | null;
  readonly critical: number;
}

/** `26h`, or `26h,50h`: the second one is critical, and the first one only a warning. In milliseconds. */
export function parseDurationLimit(text: string): Limit {
  return parseLimit(text, parsePositiveDuration);
}

/** The same for a number: `10`, or `10,100`. */
export function parseCountLimit(text: string): Limit {
  return parseLimit(text, (each) => parseCount(each, 0));
}

function parseLimit(text: string, parse: (text: string) => number): Limit {
  const [first = '', second, ...others] = text.split(',');
  if (second === undefined) return { warning: null, critical: parse(first) };
  const limit = { warning: parse(first), critical: parse(second) };
  if (others.length === 0 && limit.warning < limit.critical) return limit;
  throw new InvalidArgument('Of two limits, the first is for a warning, and must be the smaller one.');
}
