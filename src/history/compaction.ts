import { type Header, headerLine, type JournalOwner, skipsLine } from './journal-line.js';
import { type KeptEntry, lastEntries } from './last-entries.js';
import type { Run } from './run.js';

/** How much a journal keeps. */
export interface Limits {
  /** How many runs. */
  readonly maxRuns: number;
  /** Milliseconds since a run ended. The last runs are kept anyway. */
  readonly maxAge: number;
}

/** A journal is compacted when it has grown by this many bytes, or by this part of its size. */
const LEAST_GROWTH = 64 * 1024;
const GROWTH = 1 / 4;
/** It is compacted as well when something in it is older than the limit by this part. */
const EXCESS_AGE = 1 / 10;

export function isDue({ keptBytes, oldest }: Header, size: number, { maxAge }: Limits, now: Date): boolean {
  const growth = size - keptBytes;
  return (
    growth > Math.max(LEAST_GROWTH, keptBytes * GROWTH) ||
    now.getTime() - oldest.getTime() > maxAge * (1 + EXCESS_AGE)
  );
}

/** The journal without what is too old or too much, as the text of the new file. */
export function compacted(owner: JournalOwner, text: string, { maxRuns, maxAge }: Limits, now: Date): string {
  const isOld = ({ endedAt }: Run) => now.getTime() - endedAt.getTime() > maxAge;
  const { entries } = lastEntries(text, { runs: maxRuns, succeeded: 0, isOld });
  const lines = entries.map(lineOf).join('');
  const header = { ...owner, keptBytes: Buffer.byteLength(lines), oldest: oldestIn(entries, maxAge, now) };
  return `${headerLine(header)}${lines}`;
}

function lineOf(entry: KeptEntry): string {
  return entry.is === 'skips' ? skipsLine(entry.skips) : `${entry.line}\n`;
}

/** What is kept although it is too old counts as just within the limit, otherwise every new line would trigger another compaction. */
function oldestIn(entries: readonly KeptEntry[], maxAge: number, now: Date): Date {
  const times = entries.flatMap((entry) => {
    if (entry.is === 'run') return [entry.run.endedAt.getTime()];
    return entry.is === 'skips' ? [entry.skips.first.getTime()] : [];
  });
  return new Date(Math.max(Math.min(now.getTime(), ...times), now.getTime() - maxAge));
}
