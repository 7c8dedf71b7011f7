import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { viewsOf } from '../../../../src/cli/history/html/views.js';
import { DAY, HOUR } from '../../../../support/world.js';
import { NOON, runOf } from './some-locks.js';

beforeEach(() => {
  vi.stubEnv('TZ', 'UTC');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const views = (...ago: number[]) =>
  viewsOf(
    ago.map((each) => runOf({ ago: each, duration: HOUR })),
    NOON.getTime(),
  );

describe('the timeline shows', () => {
  it.each<[string, number[], string[], string]>([
    ['all of a short history', [5 * HOUR, 2 * HOUR], ['All, since 26 Nov'], 'all'],
    [
      'a week first of a long one',
      [80 * DAY, HOUR],
      ['Last 24 hours', 'Last 7 days', 'Last 30 days', 'All, since 7 Sep'],
      'week',
    ],
    [
      'no part in which nothing ran',
      [400 * DAY, 20 * DAY],
      ['Last 30 days', 'All, since 22 Oct 2025'],
      'all',
    ],
    ['nothing of the future', [5 * HOUR, -9000 * DAY], ['All, since 26 Nov'], 'all'],
  ])('%s', (_what, ago, labels, first) => {
    const found = views(...ago);
    expect(found.map(({ label }) => label)).toEqual(labels);
    expect(found.filter(({ isFirst }) => isFirst).map(({ id }) => id)).toEqual([first]);
    for (const { period } of found) expect(period.to).toBe(NOON.getTime());
  });
});
