import { headerLine, type JournalOwner, skipsLine } from './journal-line.js';
import { type KeptEntry, lastEntries, together } from './last-entries.js';
import type { LockHistory, PastRun, Run, Skips } from './run.js';

// What the lines of one journal say together.

/** How much a journal keeps. */
export interface Limits {
  /** How many runs. */
  readonly maxRuns: number;
  /** Milliseconds since a run ended. The last run is always kept. */
  readonly maxAge: number;
}

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

/** The journal without what is too old or too much, as the text of the new file. */
export function compacted(owner: JournalOwner, text: string, { maxRuns, maxAge }: Limits, now: Date): string {
  const isOld = ({ endedAt }: Run) => now.getTime() - endedAt.getTime() > maxAge;
  const { entries } = lastEntries(text, { runs: maxRuns, succeeded: 0, isOld });
  const lines = linesOf(entries).join('');
  const header = { ...owner, keptBytes: Buffer.byteLength(lines), oldest: oldestIn(entries, maxAge, now) };
  return `${headerLine(header)}${lines}`;
}

/** Skips that follow each other become one line. */
function linesOf(entries: readonly KeptEntry[]): string[] {
  const lines: string[] = [];
  let skips: Skips | null = null;
  for (const entry of entries) {
    if (entry.is === 'skips') {
      skips = together(skips, entry.skips);
    } else {
      if (skips !== null) lines.push(skipsLine(skips));
      skips = null;
      lines.push(`${entry.line}\n`);
    }
  }
  if (skips !== null) lines.push(skipsLine(skips));
  return lines;
}

/** What is kept although it is too old counts as just within the limit, otherwise every new line would trigger another compaction. */
function oldestIn(entries: readonly KeptEntry[], maxAge: number, now: Date): Date {
  const times = entries.flatMap((entry) => {
    if (entry.is === 'run') return [entry.run.endedAt.getTime()];
    return entry.is === 'skips' ? [entry.skips.first.getTime()] : [];
  });
  return new Date(Math.max(Math.min(now.getTime(), ...times), now.getTime() - maxAge));
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
