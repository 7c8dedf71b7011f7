import type { Run, RunReport } from '../../src/history/run.js';

export const JOB = '/run/livinglock/backup.lock';
export const NOON = new Date('2026-11-26T12:00:00.000Z');

export function someRun(changes: Partial<Run> = {}): Run {
  return {
    id: 'a-token',
    lock: JOB,
    store: null,
    outcome: 'succeeded',
    startedAt: new Date(NOON.getTime() - 60_000),
    endedAt: NOON,
    duration: 60_000,
    exitCode: 0,
    signal: null,
    reason: null,
    command: './backup.sh --all',
    cwd: '/srv/shop',
    host: 'db-1',
    user: 'batch',
    owner: null,
    pid: 4242,
    fencingToken: 7,
    progress: { ratio: 1, note: 'done' },
    takenOverFrom: null,
    attempt: null,
    output: null,
    isReported: false,
    ...changes,
  };
}

/** The same as a job reports it. */
export function someReport(changes: Partial<RunReport> = {}): RunReport {
  const { takenOverFrom: _, ...run } = someRun();
  return { ...run, ...changes };
}
