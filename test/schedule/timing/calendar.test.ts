import { describe, expect, it } from 'vitest';
import { nearestIntervals, timesOf } from '../../../src/schedule/timing/calendar.js';
import { formatCronExpression } from '../../../src/schedule/timing/cron-expression.js';
import { describeTiming } from '../../../src/schedule/timing/timing.js';

describe('an interval', () => {
  it.each([
    [60, '* * * * *'],
    [15 * 60, '*/15 * * * *'],
    [3600, '0 * * * *'],
    [8 * 3600, '0 */8 * * *'],
    [86_400, '0 0 * * *'],
    [7 * 86_400, '0 0 * * 0'],
  ])('of %i seconds falls on the same times of the calendar', (seconds, expression) => {
    const times = timesOf({ kind: 'every', seconds });
    expect(times === null ? null : formatCronExpression(times)).toBe(expression);
  });

  it.each([[7], [30], [90], [7 * 60], [59 * 60], [90 * 60], [5 * 3600], [25 * 3600], [2 * 86_400]])(
    'of %i seconds does not',
    (seconds) => {
      expect(timesOf({ kind: 'every', seconds })).toBeNull();
    },
  );

  it('has a shorter and a longer neighbour that do', () => {
    expect(nearestIntervals(7 * 60)).toEqual([6 * 60, 10 * 60]);
    expect(nearestIntervals(30)).toEqual([60]);
    expect(nearestIntervals(59 * 60)).toEqual([30 * 60, 3600]);
    expect(nearestIntervals(30 * 86_400)).toEqual([7 * 86_400]);
  });

  it('is described exactly', () => {
    expect(describeTiming({ kind: 'every', seconds: 90 * 60 })).toBe('every 90m');
    expect(describeTiming({ kind: 'every', seconds: 90 })).toBe('every 90s');
  });
});
