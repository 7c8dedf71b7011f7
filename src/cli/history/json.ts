import type { LockHistory, PastRun } from '../../history/index.js';
import { displayName } from './names.js';

/** One lock as `history --json` prints it. Its public description is docs/history.schema.json. */
export function lockJson(history: LockHistory): object {
  const { lock, store, runs, skips, usualDuration, unreadable } = history;
  return {
    name: store === null ? displayName(history) : lock,
    path: lock,
    store,
    runs: runs.map(runJson),
    skips,
    usualDurationMs: usualDuration === null ? null : Math.round(usualDuration),
    unreadable,
  };
}

/** A run of a lock that is named elsewhere. */
function runJson({ lock, store, duration, ...run }: PastRun): object {
  return { ...run, durationMs: Math.round(duration) };
}
