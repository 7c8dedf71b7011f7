import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobStatus } from '../../../src/cli/jobs/read-jobs.js';
import { exposition } from '../../../src/cli/metrics/exposition.js';
import { familiesOf } from '../../../src/cli/metrics/families.js';
import { OUTCOMES } from '../../../src/history/run.js';
import { readOpenMetrics } from '../../../support/prometheus/open-metrics.js';
import { DAY, HOUR, MINUTE, someRecord } from '../../../support/world.js';
import { ago, NOW, ranBefore, someHistory, someJob, someLock } from '../jobs/some-jobs.js';

function metricsOf(jobs: readonly JobStatus[], store: string | null = null) {
  return readOpenMetrics(exposition(familiesOf(jobs, { store, user: 'batch' }, true)));
}

/** What a job has under these names without `livinglock_`. */
function valuesOf(job: Partial<JobStatus>): Readonly<Record<string, unknown>> {
  const values = [...metricsOf([someJob(job)])].map(([name, family]) => {
    const entries = [...family.values].map(([labels, value]) => {
      const { lock: _lock, user: _user, ...more } = JSON.parse(labels);
      return [Object.values(more).join(), value] as const;
    });
    const [first] = entries;
    return [
      name.replace('livinglock_', ''),
      first?.[0] === '' && entries.length === 1 ? first[1] : Object.fromEntries(entries),
    ] as const;
  });
  return Object.fromEntries(values);
}

const HISTORY_ONLY = [
  'up',
  'last_success_timestamp_seconds',
  'last_run_end_timestamp_seconds',
  'last_run_duration_seconds',
  'last_run_succeeded',
  'runs',
  'skips',
  'skips_since_last_run',
  'history_unreadable_lines',
];

describe('metrics', () => {
  it('tell how the runs of a job ended', () => {
    const runs = [
      { ...ranBefore(3 * DAY), skips: 4 },
      ranBefore(2 * DAY),
      { ...ranBefore(DAY, { outcome: 'failed', duration: 1500 }), skips: 2 },
    ];
    const skips = { count: 3, first: NOW, last: NOW };
    const history = someHistory({ runs, skips, usualDuration: 4 * MINUTE, unreadable: 5 });
    expect(valuesOf({ lock: null, history })).toEqual({
      up: 1,
      last_success_timestamp_seconds: ago(2 * DAY).getTime() / 1000,
      last_run_end_timestamp_seconds: ago(DAY).getTime() / 1000,
      last_run_duration_seconds: 1.5,
      last_run_succeeded: 0,
      usual_duration_seconds: 240,
      runs: { ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])), succeeded: 2, failed: 1 },
      skips: 9,
      skips_since_last_run: 3,
      history_unreadable_lines: 5,
    });
    const succeeded = valuesOf({ lock: null });
    expect(Object.keys(succeeded)).toEqual(HISTORY_ONLY);
    expect(succeeded).toMatchObject({ last_run_succeeded: 1 });
    const attempt = ranBefore(MINUTE, { id: 'its token', outcome: 'failed', attempt: 1 });
    const retried = someHistory({ runs: [ranBefore(DAY), attempt] });
    const lock = someLock('live', { holder: someRecord({ token: 'its token' }) });
    expect(valuesOf({ lock, history: retried })).toMatchObject({ last_run_succeeded: 1 });
  });

  it('say nothing of runs if there was none, so that an alert can ask for their absence', () => {
    expect(valuesOf({ lock: null, history: someHistory({ runs: [] }) })).toEqual({
      up: 1,
      runs: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])),
      skips: 0,
      skips_since_last_run: 0,
      history_unreadable_lines: 0,
    });
    expect(valuesOf({ lock: null, history: null })).toEqual({ up: 1 });
  });

  it('tell what is at work', () => {
    const holder = someRecord({
      acquiredAt: ago(HOUR),
      timestamp: ago(MINUTE),
      staleTimeout: 90_000,
      progress: { ratio: 0.4, note: null },
    });
    const work = {
      acquired_timestamp_seconds: ago(HOUR).getTime() / 1000,
      heartbeat_timestamp_seconds: ago(MINUTE).getTime() / 1000,
      heartbeat_age_seconds: 59.5,
      stale_timeout_seconds: 90,
      progress_ratio: 0.4,
    };
    const states = { free: 0, live: 0, cooldown: 0, stalled: 0, dead: 0, foreign: 0 };
    const lockIn = (state: 'live' | 'stalled' | 'dead') => ({
      lock: someLock(state, { holder, heartbeatAge: 59_500 }),
      history: null,
    });
    expect(valuesOf(lockIn('live'))).toEqual({ up: 1, held: 1, state: { ...states, live: 1 }, ...work });
    expect(valuesOf(lockIn('stalled'))).toEqual({
      up: 1,
      held: 0,
      state: { ...states, stalled: 1 },
      ...work,
    });
    expect(valuesOf(lockIn('dead'))).toEqual({ up: 1, held: 0, state: { ...states, dead: 1 } });
  });

  it('leave out what a holder does not say, and know of infinity', () => {
    const silent = someRecord({ acquiredAt: null, progress: null, staleTimeout: null });
    const values = valuesOf({ lock: someLock('live', { holder: silent, heartbeatAge: 0 }), history: null });
    expect(values).toMatchObject({ stale_timeout_seconds: 3600, heartbeat_age_seconds: 0 });
    expect(values).not.toHaveProperty('acquired_timestamp_seconds');
    expect(values).not.toHaveProperty('progress_ratio');
    const endless = someRecord({ staleTimeout: Number.POSITIVE_INFINITY });
    expect(valuesOf({ lock: someLock('live', { holder: endless }) })).toMatchObject({
      stale_timeout_seconds: Number.POSITIVE_INFINITY,
    });
  });

  it('are gauges with a help and base units, each with the labels of its lock', () => {
    const holder = someRecord({ staleTimeout: 1000 });
    const history = someHistory({ usualDuration: 1 });
    const metrics = metricsOf(
      [someJob({ lock: someLock('live', { holder, heartbeatAge: 0 }), history })],
      'Redis',
    );
    expect(metrics.size).toBe(17);
    for (const [name, { unit, help, values }] of metrics) {
      expect(help).toMatch(/^[A-Z][^"\\]*\.$/);
      expect(name).toMatch(/^livinglock_/);
      expect(/_(seconds|ratio)$/.exec(name)?.[1] ?? null).toBe(unit);
      expect(name).not.toMatch(/_(total|count|sum|bucket|info)$/);
      const expected = name === 'livinglock_up' ? {} : { lock: 'backup' };
      for (const labels of values.keys())
        expect(JSON.parse(labels)).toMatchObject({ ...expected, store: 'Redis', user: 'batch' });
    }
  });

  it('can be read whatever locks and databases are called', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 3 }), text, (names, store) => {
        const metrics = metricsOf(
          names.map((name) => someJob({ name })),
          store,
        );
        const held = [...(metrics.get('livinglock_held')?.values.keys() ?? [])];
        expect(held.map((labels) => JSON.parse(labels).lock)).toEqual(names);
        expect(held.every((labels) => JSON.parse(labels).store === store)).toBe(true);
      }),
      { examples: [[['\\n', '\n', '"', '},{a="b"', '\\'], '\\"']] },
    );
  });

  it('say if something could not be read', () => {
    const text = exposition(familiesOf([], { store: null, user: null }, false));
    expect(text).toBe(
      '# TYPE livinglock_up gauge\n# HELP livinglock_up Whether all locks and their history could be read.\nlivinglock_up 0\n# EOF\n',
    );
  });
});
