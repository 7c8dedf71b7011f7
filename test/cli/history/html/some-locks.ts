import type { ShownLock } from '../../../../src/cli/history/html/lock-facts.js';
import { historyPage } from '../../../../src/cli/history/html/page.js';
import type { PastRun, RunOutcome } from '../../../../src/history/index.js';
import { someRun } from '../../../history/some-runs.js';

export const NOON = new Date('2026-11-26T12:00:00.000Z');

/** A run that began so many milliseconds before noon. */
export function runOf(
  { ago, duration, outcome = 'succeeded' }: { ago: number; duration: number; outcome?: RunOutcome },
  changes: Partial<PastRun> = {},
): PastRun {
  const start = NOON.getTime() - ago;
  const [startedAt, endedAt] = [new Date(start), new Date(start + duration)];
  return { ...someRun({ startedAt, endedAt, duration, outcome }), skips: 0, ...changes };
}

export function lockOf(runs: readonly PastRun[], changes: Partial<ShownLock['history']> = {}): ShownLock {
  const history = {
    lock: '/srv/backup.lock',
    store: null,
    runs,
    skips: null,
    usualDuration: null,
    unreadable: 0,
    ...changes,
  };
  return { history, runs };
}

export function pageOf(locks: readonly ShownLock[]): string {
  return historyPage(locks, { now: NOON, host: 'db-1', user: 'batch', timeZone: 'UTC', version: '1.2.3' });
}
