import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { durationTicks, timeTicks } from '../../../../src/cli/history/html/ticks.js';
import { DAY, HOUR, MINUTE, SECOND } from '../../../../support/world.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const periodFrom = (from: string, length: number) => ({
  from: Date.parse(from),
  to: Date.parse(from) + length,
});

describe('the ticks of a time axis', () => {
  beforeEach(() => {
    vi.stubEnv('TZ', 'Europe/Berlin');
  });

  it.each<[string, string, number, string]>([
    [
      'seconds',
      '2026-11-26T10:00:57Z',
      6 * SECOND,
      '11:00:57 11:00:58 11:00:59 11:01:00 11:01:01 11:01:02 11:01:03',
    ],
    ['minutes', '2026-11-26T10:00:10Z', 20 * MINUTE, '11:05 11:10 11:15 11:20'],
    ['hours, and the date at midnight', '2026-11-26T20:30:00Z', 5 * HOUR, '22:00 23:00 27 Nov 01:00 02:00'],
    ['days', '2026-11-20T12:00:00Z', 7 * DAY, '21 Nov 22 Nov 23 Nov 24 Nov 25 Nov 26 Nov 27 Nov'],
    [
      'days that begin again each month',
      '2026-10-20T12:00:00Z',
      30 * DAY,
      '21 Oct 26 Oct 1 Nov 6 Nov 11 Nov 16 Nov',
    ],
    [
      'months',
      '2026-01-20T12:00:00Z',
      200 * DAY,
      'Feb 2026 Mar 2026 Apr 2026 May 2026 Jun 2026 Jul 2026 Aug 2026',
    ],
    ['years', '2016-03-01T00:00:00Z', 3000 * DAY, 'Jan 2018 Jan 2020 Jan 2022 Jan 2024'],
  ])('are %s', (_unit, from, length, labels) => {
    expect(
      timeTicks(periodFrom(from, length), 8)
        .map(({ label }) => label)
        .join(' '),
    ).toBe(labels);
  });

  it('show the hours of the wall clock also on the days on which it changes', () => {
    const spring = timeTicks(periodFrom('2026-03-28T23:00:00Z', 5 * HOUR), 8);
    expect(spring.map(({ label }) => label)).toEqual(['29 Mar', '01:00', '03:00', '04:00', '05:00', '06:00']);
    expect(spring.map(({ value }) => new Date(value).getHours())).toEqual([0, 1, 3, 4, 5, 6]);
    const autumn = timeTicks(periodFrom('2026-10-24T22:00:00Z', 26 * HOUR), 8);
    expect(autumn.map(({ label }) => label)).toEqual(['25 Oct', '06:00', '12:00', '18:00', '26 Oct']);
  });

  it('are in order, within the period, and never too many', () => {
    const length = fc.double({ min: 0, max: 9, noNaN: true }).map((power) => 1000 * 10 ** power);
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        length,
        (from, long) => {
          const period = { from: from.getTime(), to: from.getTime() + long };
          const values = timeTicks(period, 8).map(({ value }) => value);
          expect(values).toEqual([...new Set(values)].toSorted((one, other) => one - other));
          // A month of 28 days may add one.
          expect(values.length).toBeLessThanOrEqual(10);
          expect(values.every((value) => value >= period.from && value <= period.to)).toBe(true);
        },
      ),
    );
  });
});

describe('the ticks of durations', () => {
  it.each([
    [90 * SECOND, [0, 30 * SECOND, 60 * SECOND, 90 * SECOND]],
    [5 * HOUR, [0, 2 * HOUR, 4 * HOUR]],
    [7, [0, 5]],
    [1e12, [0, 5e11, 1e12]],
  ])('up to %i ms are round', (top, expected) => {
    expect(durationTicks(top, 3)).toEqual(expected);
  });
});
