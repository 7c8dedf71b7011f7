import { describe, expect, it } from 'vitest';
import { calendarOf, nearestIntervals } from '../../../src/cli/schedule/calendar.js';
import { describeTiming } from '../../../src/cli/schedule/job.js';

describe('an interval', () => {
  it.each([
    [30, { unit: 'second', step: 30 }],
    [60, { unit: 'minute', step: 1 }],
    [15 * 60, { unit: 'minute', step: 15 }],
    [3600, { unit: 'hour', step: 1 }],
    [8 * 3600, { unit: 'hour', step: 8 }],
    [86_400, { unit: 'day', hour: 0, minute: 0 }],
    [7 * 86_400, { unit: 'week' }],
  ])('of %i seconds falls on the same times of the calendar', (seconds, calendar) => {
    expect(calendarOf({ kind: 'every', seconds })).toEqual(calendar);
  });

  it.each([[7], [90], [7 * 60], [59 * 60], [90 * 60], [5 * 3600], [25 * 3600], [2 * 86_400]])(
    'of %i seconds does not',
    (seconds) => {
      expect(calendarOf({ kind: 'every', seconds })).toBeNull();
    },
  );

  it('has neighbours that do, below and above', () => {
    expect(nearestIntervals(7 * 60)).toEqual([6 * 60, 10 * 60]);
    expect(nearestIntervals(30)).toEqual([60]);
    expect(nearestIntervals(59 * 60)).toEqual([30 * 60, 3600]);
    expect(nearestIntervals(30 * 86_400)).toEqual([7 * 86_400]);
  });

  it('is described exactly', () => {
    expect(describeTiming({ kind: 'every', seconds: 90 * 60 })).toBe('every 90m');
    expect(describeTiming({ kind: 'every', seconds: 90 })).toBe('every 90s');
    expect(describeTiming({ kind: 'at', hour: 3, minute: 5 })).toBe('every day at 03:05');
  });
});
