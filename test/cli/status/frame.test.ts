import { expect, it } from 'vitest';
import { frameOf } from '../../../src/cli/status/frame.js';
import { lockStatus } from '../../../src/cli/status/lock-status.js';
import type { LockHistory, PastRun } from '../../../src/history/index.js';
import type { Inspection } from '../../../src/index.js';
import { HOUR, someRecord } from '../../../support/world.js';
import { someRun } from '../../history/some-runs.js';

const WIDE = { columns: Number.POSITIVE_INFINITY, paint: (_style: string, text: string) => text };

it('status says how the last run of a lock has ended, and how long its runs usually take', () => {
  const inspection: Inspection = {
    name: '/srv/job',
    state: 'free',
    reason: 'nobody holds it',
    holder: null,
    heartbeatAge: null,
    processes: [],
  };
  const startedAt = new Date();
  const run: PastRun = { ...someRun({ startedAt, duration: 252_000 }), skips: 0 };
  const past = (count: number): LockHistory => ({
    lock: '/srv/job',
    store: null,
    runs: [run],
    skips: count === 0 ? null : { count, first: startedAt, last: startedAt },
    usualDuration: 240_000,
    unreadable: 0,
  });
  const line = (state: Inspection['state'], count: number) =>
    frameOf([lockStatus('job', { ...inspection, state }, past(count))], () => '/srv', WIDE).at(-1);
  expect(line('free', 0)).toMatch(/^job, last: succeeded \d\d:\d\d:\d\d, took 4m 12s$/);
  expect(line('free', 1)).toMatch(/, took 4m 12s, 1 skip$/);
  expect(line('live', 3)).toMatch(/, took 4m 12s, 3 skips, usually takes 4m$/);
});

it.each([
  ['dead', 'its process no longer exists', /^job is dead: .* no longer exists\. The next run takes over\.$/],
  [
    'foreign',
    'it is another kind of file',
    /^job is foreign: .* file\. No run can take it; give the lock another path\.$/,
  ],
] as const)('status says what the next run will do with a lock that is %s', (state, reason, remark) => {
  const inspection: Inspection = {
    name: '/srv/job',
    state,
    reason,
    holder: null,
    heartbeatAge: null,
    processes: [],
  };
  const lines = frameOf([lockStatus('job', inspection)], () => '/srv', WIDE);
  expect(lines.at(-1)).toMatch(remark);
});

it.each([
  ['alive', /The next run takes over, unless its --stale-timeout is longer than 1 hour\.$/],
  [
    'unknown',
    /takes over, unless its --stale-timeout is longer than 1 hour, or it has --kill-stalled and cannot end PID 4242 on db-1\.$/,
  ],
] as const)('status says what may keep the next run from a stalled holder that is %s', (liveness, remark) => {
  const holder = someRecord({ staleTimeout: HOUR });
  const lines = frameOf(
    [
      lockStatus('job', {
        name: 'job',
        state: 'stalled',
        reason: 'it is silent',
        holder,
        heartbeatAge: 2 * HOUR,
        processes: [{ identity: holder.process, liveness }],
      }),
    ],
    () => '/srv',
    WIDE,
  );
  expect(lines.at(-1)).toMatch(remark);
});
