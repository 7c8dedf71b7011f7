import type { JobStatus } from '../../../src/cli/jobs/read-jobs.js';
import type { LockHistory, PastRun, Run } from '../../../src/history/index.js';
import type { Inspection, LockRecord } from '../../../src/index.js';
import { HOUR, someRecord } from '../../../support/world.js';
import { someRun } from '../../history/some-runs.js';

// Made-up jobs, in local time.

/** A Thursday. */
export const NOW = new Date(2026, 10, 26, 12, 0);

export function ago(milliseconds: number): Date {
  return new Date(NOW.getTime() - milliseconds);
}

/** A run that ended so many milliseconds ago. */
export function ranBefore(milliseconds: number, changes: Partial<Run> = {}): PastRun {
  const endedAt = ago(milliseconds);
  return { ...someRun({ startedAt: ago(milliseconds + 60_000), endedAt, ...changes }), skips: 0 };
}

export function someHistory(changes: Partial<LockHistory> = {}): LockHistory {
  return {
    lock: '/srv/backup.lock',
    store: null,
    runs: [ranBefore(HOUR)],
    skips: null,
    usualDuration: null,
    unreadable: 0,
    ...changes,
  };
}

/** One that has just sent a heartbeat, on another machine. */
export function someHolder(changes: Partial<LockRecord> = {}): LockRecord {
  return someRecord({ processId: 4242, timestamp: NOW, ...changes });
}

export function someLock(
  state: Inspection['state'] = 'free',
  { heartbeatAge = state === 'free' ? null : 0, reason = 'a reason', ...changes }: Partial<Inspection> = {},
): Inspection {
  const holder = state === 'free' || state === 'foreign' ? null : someHolder();
  return { name: '/srv/backup.lock', state, reason, holder, heartbeatAge, processes: [], ...changes };
}

export function someJob(changes: Partial<JobStatus> = {}): JobStatus {
  return { name: 'backup', lock: someLock(), history: someHistory(), failures: [], ...changes };
}
