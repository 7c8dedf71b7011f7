import type { JournalOwner } from './journal-line.js';
import { lastEntries, together } from './last-entries.js';
import type { LockHistory, PastRun, Run, Skips } from './run.js';

// What the lines of one journal say together.

/** Of how many runs that succeeded the usual duration is the median. */
const USUAL_RUNS = 20;

/**
 * @param text The lines after the first.
 * @param most How many runs to show: the last ones.
 */
export function summarize({ lock, store }: JournalOwner, text: string, most: number): LockHistory {
  const wanted = { runs: most, succeeded: USUAL_RUNS, isOld: () => false };
  const { entries, unreadable } = lastEntries(text, wanted);
  const runs: PastRun[] = [];
  let skips: Skips | null = null;
  for (const entry of entries) {
    if (entry.is === 'skips') skips = together(skips, entry.skips);
    if (entry.is !== 'run') continue;
    runs.push(skips === null ? entry.run : { ...entry.run, skips: skips.count });
    skips = null;
  }
  return {
    lock,
    store,
    runs: runs.slice(Math.max(0, runs.length - most)),
    skips,
    usualDuration: usualDuration(runs),
    unreadable,
  };
}

function usualDuration(runs: readonly Run[]): number | null {
  const durations = usualDurations(runs);
  const middle = durations.length / 2;
  const [lower, upper] = [durations[Math.ceil(middle) - 1], durations[Math.floor(middle)]];
  return lower === undefined || upper === undefined ? null : (lower + upper) / 2;
}

/** How long the last runs took that succeeded, in milliseconds, the shortest first. */
export function usualDurations(runs: readonly Run[]): number[] {
  return runs
    .filter(({ outcome }) => outcome === 'succeeded')
    .slice(-USUAL_RUNS)
    .map(({ duration }) => duration)
    .toSorted((one, other) => one - other);
}
