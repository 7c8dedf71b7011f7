import { expect, it } from 'vitest';
import { inWords } from '../../../src/cli/terminal/age.js';
import { formatDay } from '../../../src/cli/terminal/local-time.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../../support/world.js';

it.each([
  [-5, '0 seconds'],
  [1999, '1 second'],
  [119 * SECOND, '119 seconds'],
  [2 * MINUTE, '2 minutes'],
  [119.9 * MINUTE, '119 minutes'],
  [31.9 * HOUR, '31 hours'],
  [2 * DAY, '2 days'],
  [90.9 * DAY, '90 days'],
])('%d ms are %s', (milliseconds, words) => {
  expect(inWords(milliseconds)).toBe(words);
});

it('a time is said as people say it', () => {
  const now = new Date(2026, 10, 26, 12, 0);
  expect(formatDay(new Date(2026, 10, 26, 3, 5, 9), now)).toBe('03:05');
  expect(formatDay(new Date(2026, 10, 26, 23, 0), now)).toBe('23:00');
  expect(formatDay(new Date(2026, 10, 25, 3, 5), now)).toBe('Wednesday 03:05');
  expect(formatDay(new Date(2026, 10, 20, 12, 1), now)).toBe('Friday 12:01');
  expect(formatDay(new Date(2026, 10, 20, 11, 59), now)).toBe('2026-11-20');
  expect(formatDay(new Date(2026, 10, 27, 3, 5), now)).toBe('2026-11-27');
});
