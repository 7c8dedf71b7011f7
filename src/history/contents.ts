import { type Entry, entryFrom, type Header, headerLine, skipsLine } from './line.js';
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
 * The lines after the first. The last line counts only with its line break: without one it is just being written, or a crash has cut it off.
 *
 * @param text Whole lines, except perhaps the last.
 */
export function entriesIn(text: string): Entry[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map(entryFrom);
}

/** @param most How many runs to show: the last ones. */
export function summarize(
  { lock, store }: Pick<Header, 'lock' | 'store'>,
  entries: readonly Entry[],
  most: number,
): LockHistory {
  const runs: PastRun[] = [];
  const superseded = supersededIn(entries);
  let skips: Skips | null = null;
  for (const entry of entries) {
    if (entry.is === 'skips') skips = together(skips, entry.skips);
    if (entry.is !== 'run' || superseded.has(entry.run)) continue;
    runs.push(skips === null ? entry.run : { ...entry.run, skips: skips.count });
    skips = null;
  }
  const unreadable = entries.filter(({ is }) => is === 'unknown' || is === 'garbage').length;
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
export function compacted(
  owner: Pick<Header, 'lock' | 'store'>,
  entries: readonly Entry[],
  limits: Limits,
  now: Date,
): string {
  const superseded = supersededIn(entries);
  const kept = entries
    .slice(firstKept(entries, superseded, limits, now))
    .filter((entry) => entry.is !== 'garbage' && !(entry.is === 'run' && superseded.has(entry.run)));
  const lines = linesOf(kept).join('');
  const header = { ...owner, keptBytes: Buffer.byteLength(lines), oldest: oldestIn(kept, limits, now) };
  return `${headerLine(header)}${lines}`;
}

/** What was skipped before the first run that is kept belongs to it, so it is kept, too. */
function firstKept(
  entries: readonly Entry[],
  superseded: ReadonlySet<Run>,
  { maxRuns, maxAge }: Limits,
  now: Date,
): number {
  let first = entries.length;
  let runs = 0;
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index];
    if (entry?.is === 'run') {
      if (superseded.has(entry.run)) continue;
      const isOld = now.getTime() - entry.run.endedAt.getTime() > maxAge;
      if (runs > 0 && (runs >= maxRuns || isOld)) break;
      runs += 1;
    }
    first = index;
  }
  return first;
}

/** Reports by others about runs that have written how they ended themselves, or that another one has reported, too. */
function supersededIn(entries: readonly Entry[]): ReadonlySet<Run> {
  const runs = entries.flatMap((entry) => (entry.is === 'run' ? [entry.run] : []));
  const reports = runs.filter(({ isReported }) => isReported);
  if (reports.length === 0) return NONE;
  const known = new Set(runs.filter(({ isReported }) => !isReported).map(({ id }) => id));
  return new Set(
    reports.filter(({ id }) => {
      if (id === null) return false;
      if (known.has(id)) return true;
      known.add(id);
      return false;
    }),
  );
}

const NONE: ReadonlySet<Run> = new Set();

/** Skips that follow each other become one line. */
function linesOf(entries: readonly Entry[]): string[] {
  const lines: string[] = [];
  let skips: Skips | null = null;
  for (const entry of entries) {
    if (entry.is === 'skips') {
      skips = together(skips, entry.skips);
    } else if (entry.is !== 'garbage') {
      if (skips !== null) lines.push(skipsLine(skips));
      skips = null;
      lines.push(`${entry.line}\n`);
    }
  }
  if (skips !== null) lines.push(skipsLine(skips));
  return lines;
}

function together(one: Skips | null, other: Skips): Skips {
  return one === null ? other : { count: one.count + other.count, first: one.first, last: other.last };
}

/** What is kept although it is too old counts as just within the limit, or it would have the journal compacted again at each line. */
function oldestIn(entries: readonly Entry[], { maxAge }: Limits, now: Date): Date {
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
