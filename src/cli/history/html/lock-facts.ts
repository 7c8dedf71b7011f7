import type { LockHistory, PastRun, RunOutcome } from '../../../history/index.js';
import { OUTCOMES } from '../../../history/run.js';
import { usualDurations } from '../../../history/summarize.js';
import { displayName } from '../names.js';

// What the page says about a lock in numbers.

/** The lock, and which of its runs to show. */
export interface ShownLock {
  readonly history: LockHistory;
  /** In the order in which they ended. */
  readonly runs: readonly PastRun[];
}

export type Facts = ReturnType<typeof factsOf>;

/** In milliseconds, of the last runs that succeeded. */
export interface UsualRange {
  /** A tenth of them took less. */
  readonly low: number;
  readonly median: number;
  /** A tenth of them took longer. */
  readonly high: number;
}

export function factsOf({ history, runs }: ShownLock) {
  const countOf = (wanted: RunOutcome) => runs.filter(({ outcome }) => outcome === wanted).length;
  const counts = OUTCOMES.map((outcome) => [outcome, countOf(outcome)] as const);
  return {
    name: displayName(history),
    runs,
    /** Outcomes that occurred, the most desirable one first. */
    counts: counts.filter(([, count]) => count > 0),
    usual: usualRange(history),
    skips: sum(runs.map(({ skips }) => skips)) + (history.skips?.count ?? 0),
    /** What was skipped after the last run. */
    skipsSince: history.skips,
  };
}

/** Not by `Math.max(...values)`, which has too many arguments one day. */
export function greatest(values: readonly number[]): number {
  return values.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of all that is kept, so that it does not depend on what is shown. */
function usualRange({ runs, usualDuration }: LockHistory): UsualRange | null {
  const durations = usualDurations(runs);
  const at = (part: number) => durations[Math.max(0, Math.ceil(durations.length * part) - 1)];
  const [low, high] = [at(0.1), at(0.9)];
  if (low === undefined || high === undefined || usualDuration === null) return null;
  return { low, median: usualDuration, high };
}
