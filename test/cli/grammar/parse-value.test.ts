import { describe, expect, it } from 'vitest';
import {
  InvalidArgument,
  parseDuration,
  parsePositiveDuration,
} from '../../../src/cli/grammar/parse-value.js';
import { HOUR, MINUTE, SECOND } from '../../../support/world.js';

describe('a duration', () => {
  it.each([
    ['30s', 30 * SECOND],
    ['5m', 5 * MINUTE],
    ['2h', 2 * HOUR],
    ['250ms', 250],
    ['10', 10 * SECOND],
    ['1.5', 1.5 * SECOND],
    ['0', 0],
    ['infinity', Number.POSITIVE_INFINITY],
    ['INF', Number.POSITIVE_INFINITY],
  ])('of %s is %d ms', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '-1', '-1s', '.5', '30 ', ' 30s', 'soon', 'infinite', '1 parsec', 'Infinity s'])(
    'is not %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(InvalidArgument);
    },
  );
});

it('a duration of several units is one, as the message says', () => {
  expect(() => parseDuration('1h30m')).toThrow(/such as 30s, 5m, 2h\. Write 90m instead of 1h30m\.$/);
});

describe('a duration that has an end', () => {
  it('is more than 0', () => {
    expect(parsePositiveDuration('1ms')).toBe(1);
    expect(() => parsePositiveDuration('0')).toThrow(InvalidArgument);
  });

  it('is finite', () => {
    expect(() => parsePositiveDuration('infinity')).toThrow(InvalidArgument);
  });
});
