import { describe, expect, it } from 'vitest';
import { commandIn } from '../../../src/schedule/installer.js';
import { words } from '../../../src/schedule/quote.js';
import { nextOfDescribed } from '../../../src/schedule/timing/parse-timing.js';
import {
  describeSeconds,
  InvalidTiming,
  parseSeconds,
  twoDigits,
} from '../../../src/schedule/timing/timing.js';

describe('an interval', () => {
  it.each([
    [1, '1s'],
    [90, '90s'],
    [120, '2m'],
    [5400, '90m'],
    [7200, '2h'],
    [86_400, '1d'],
    [604_800, '7d'],
  ])('of %i seconds is %s, and back', (seconds, text) => {
    expect(describeSeconds(seconds)).toBe(text);
    expect(parseSeconds(text)).toBe(seconds);
  });

  it.each(['', '2', 'm', '2w', 'x2m', '2mx', '-2m', '2 m', '1.5h'])('is not %j', (text) => {
    expect(() => parseSeconds(text)).toThrow(InvalidTiming);
    expect(() => parseSeconds(text)).toThrow(`${text} is not a number of seconds`);
  });

  it('has two digits in a time', () => {
    expect([twoDigits(3), twoDigits(30)]).toEqual(['03', '30']);
  });
});

describe('the next time of a schedule', () => {
  const now = new Date(2026, 10, 26, 9, 46, 10);

  it.each([
    ['every 2m', new Date(2026, 10, 26, 9, 48)],
    ['every 6h', new Date(2026, 10, 26, 12)],
    ['at 03:30', new Date(2026, 10, 27, 3, 30)],
    ['at 50 9 * * *', new Date(2026, 10, 26, 9, 50)],
  ])('follows from %s', (description, next) => {
    expect(nextOfDescribed(description, now)).toEqual(next);
  });

  it.each([
    'every 7m',
    'every 30s',
    'every now and then',
    'at dawn',
    'an at 03:30',
    'never',
    '',
    'every',
    'at ',
  ])('does not follow from %j', (description) => {
    expect(nextOfDescribed(description, now)).toBeNull();
  });
});

describe('the command in a line', () => {
  it.each([
    ['/usr/bin/node run parser -- /bin/echo a -- b', '/bin/echo a -- b'],
    [' -- /bin/true', '/bin/true'],
    ['/bin/true', '/bin/true'],
  ])('%j is %j', (line, command) => {
    expect(commandIn(words(line))).toBe(command);
  });
});
