import { expect, it } from 'vitest';
import { severityOf } from '../../../src/cli/check/findings.js';
import { parseCountLimit, parseDurationLimit } from '../../../src/cli/check/limits.js';
import { InvalidArgument } from '../../../src/cli/grammar/parse-value.js';
import { HOUR, MINUTE } from '../../../support/world.js';

it('one limit is critical; of two, the first one is a warning', () => {
  expect(parseDurationLimit('26h')).toEqual({ warning: null, critical: 26 * HOUR });
  expect(parseDurationLimit('90m,2h')).toEqual({ warning: 90 * MINUTE, critical: 2 * HOUR });
  expect(parseCountLimit('0')).toEqual({ warning: null, critical: 0 });
  expect(parseCountLimit('3,10')).toEqual({ warning: 3, critical: 10 });
});

it.each(['', '2h,1h', '1h,1h', '1h,2h,3h', ',1h', '1h,', 'infinity', '0', '-1h', 'soon'])(
  'refuses %o as a limit of a time',
  (text) => {
    expect(() => parseDurationLimit(text)).toThrow(InvalidArgument);
  },
);

it.each(['', '2,1', '1.5', '-1', '1h', '1e3', '9'.repeat(20)])(
  'refuses %o as a limit of a number',
  (text) => {
    expect(() => parseCountLimit(text)).toThrow(InvalidArgument);
  },
);

it('only what is above a limit exceeds it', () => {
  const severities = (limit: Parameters<typeof severityOf>[1]) =>
    [3, 4, 10, 11].map((value) => severityOf(value, limit));
  expect(severities({ warning: 3, critical: 10 })).toEqual(['ok', 'warning', 'warning', 'critical']);
  expect(severities({ warning: null, critical: 3 })).toEqual(['ok', 'critical', 'critical', 'critical']);
  expect(severities(undefined)).toEqual(['ok', 'ok', 'ok', 'ok']);
});
