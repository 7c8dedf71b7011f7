import { describe, expect, it } from 'vitest';
import { estimateOf } from '../../../src/cli/status/estimate.js';
import { MINUTE, SECOND } from '../../../support/world.js';

const START = new Date(2026, 10, 26, 3, 0, 0).getTime();

function estimate(elapsed: number, changes: Partial<Parameters<typeof estimateOf>[0]> = {}) {
  const lock = {
    state: 'live',
    acquiredAt: new Date(START),
    heartbeatAgeMs: 0,
    progress: null,
    usualDurationMs: null,
    ...changes,
  } as const;
  const heartbeatAt = new Date(START + elapsed - (changes.heartbeatAgeMs ?? 0));
  return estimateOf({ ...lock, heartbeatAt }, START + elapsed);
}

describe('when a run is likely to end', () => {
  it('is told by how long its runs usually take', () => {
    const usually = { usualDurationMs: 4 * MINUTE };
    expect(estimate(MINUTE, usually)).toMatch(/^about 3m left, until .*03:04:00$/);
    expect(estimate(4 * MINUTE, usually)).toBe('0ms longer than usual');
    expect(estimate(5 * MINUTE, usually)).toBe('1m longer than usual');
  });

  it('is told by the clock that wrote its times, if this one is another', () => {
    const here = START + 10 * MINUTE;
    const lock = {
      state: 'live',
      acquiredAt: new Date(START),
      heartbeatAt: new Date(START + MINUTE),
    } as const;
    const known = { heartbeatAgeMs: 0, progress: null, usualDurationMs: 4 * MINUTE };
    expect(estimateOf({ ...lock, ...known }, here)).toMatch(/^about 3m left, until .*03:13:00$/);
  });

  it('is told by its progress, which knows more', () => {
    const quarter = { progress: { ratio: 0.25, note: null }, usualDurationMs: 10 * MINUTE };
    expect(estimate(MINUTE, quarter)).toMatch(/^about 3m left, until .*03:04:00$/);
    expect(estimate(90 * SECOND, { ...quarter, heartbeatAgeMs: 30 * SECOND })).toMatch(/^about 2m 30s left/);
    expect(estimate(5 * MINUTE, { ...quarter, heartbeatAgeMs: 4 * MINUTE })).toBeNull();
    expect(estimate(MINUTE, { ...quarter, progress: { ratio: 0, note: 'begun' } })).toMatch(/^about 9m left/);
  });

  it('is not told by progress at the very start', () => {
    const half = { progress: { ratio: 0.5, note: null } };
    expect(estimate(9 * SECOND, half)).toBeNull();
    expect(estimate(9 * SECOND, { ...half, usualDurationMs: MINUTE })).toMatch(/^about 51s left/);
    expect(estimate(10 * SECOND, half)).toMatch(/^about 10s left/);
  });

  it.each([
    { what: 'nothing is known', changes: {} },
    { what: 'only a note is known', changes: { progress: { ratio: null, note: 'table 4' } } },
    { what: 'nobody holds the lock', changes: { state: 'free', usualDurationMs: MINUTE } },
    { what: 'the run has stalled', changes: { state: 'stalled', usualDurationMs: MINUTE } },
    { what: 'it would end beyond all dates', changes: { usualDurationMs: 1e300 } },
    { what: 'its start is unknown', changes: { acquiredAt: null, usualDurationMs: MINUTE } },
  ] as const)('is not told if $what', ({ changes }) => {
    expect(estimate(SECOND, changes)).toBeNull();
  });
});
