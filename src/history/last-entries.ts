import { type Entry, entryFrom } from './journal-line.js';
import type { Run, Skips } from './run.js';

// Reads a journal from its end, and no further than needed: what is beyond may be any amount of garbage.

/** A line that is kept. */
export type KeptEntry = Exclude<Entry, { readonly is: 'garbage' }>;

type RunEntry = Extract<Entry, { readonly is: 'run' }>;

type Relation = 'already-told' | 'earlier-attempt' | 'is-end';

/** How much of a journal is of interest. */
interface Wanted {
  /** How many runs, and at most how many lines of another version. */
  readonly runs: number;
  /** How many that succeeded must be among them, even if that takes more runs. */
  readonly succeeded: number;
  /** Which runs to leave out, except for the last ones: the clock may have been wrong when they ran, or be wrong now. */
  readonly isOld: (run: Run) => boolean;
}

/** How many of the last runs are never too old. */
const NEVER_OLD = 20;

/** What was found. */
export interface Found {
  /** In the order in which they were written; skips that follow each other are one. What was skipped before a run that is left out is left out, too. */
  readonly entries: readonly KeptEntry[];
  /** How many of the lines that were looked at could not be read. */
  readonly unreadable: number;
}

/**
 * @param text Whole lines after the first, except perhaps the last: it counts only with its line break. Without one it is just being written, or
 * a crash has cut it off.
 */
export function lastEntries(text: string, wanted: Wanted): Found {
  const collection = new Collection(wanted);
  for (const line of linesFromEnd(text)) {
    if (!collection.take(entryFrom(line))) break;
  }
  return collection.found();
}

/** Skips that follow each other as one. */
export function together(earlier: Skips | null, later: Skips): Skips {
  if (earlier === null) return later;
  const count = Math.min(earlier.count + later.count, Number.MAX_SAFE_INTEGER);
  return { count, first: earlier.first, last: later.last };
}

function* linesFromEnd(text: string): Generator<string> {
  let end = text.lastIndexOf('\n');
  while (end > 0) {
    const begin = text.lastIndexOf('\n', end - 1) + 1;
    if (begin < end) yield text.slice(begin, end);
    end = begin - 1;
  }
}

class Collection {
  readonly #wanted: Wanted;
  /** From the last to the first. */
  readonly #entries = new Set<KeptEntry>();
  /** By the `id` of a run: the entry that says how it ended. */
  readonly #ends = new Map<string, RunEntry>();
  #runs = 0;
  #succeeded = 0;
  #unknown = 0;
  #unreadable = 0;
  /** Whether the run that was taken last is kept. */
  #isKept = true;

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  /** Takes the entry before the ones that were taken. Returns whether more are needed. */
  take(entry: Entry): boolean {
    if (entry.is === 'run') return this.#takeRun(entry);
    if (entry.is === 'skips') {
      if (this.#isKept) this.#entries.add(entry);
      return true;
    }
    this.#unreadable += 1;
    if (entry.is === 'unknown' && this.#isKept && this.#unknown < this.#wanted.runs) {
      this.#unknown += 1;
      this.#entries.add(entry);
    }
    return true;
  }

  found(): Found {
    const entries: KeptEntry[] = [];
    for (const entry of [...this.#entries].toReversed()) {
      const last = entries.at(-1);
      if (entry.is !== 'skips' || last?.is !== 'skips') entries.push(entry);
      else entries[entries.length - 1] = { is: 'skips', skips: together(last.skips, entry.skips) };
    }
    return { entries, unreadable: this.#unreadable };
  }

  #takeRun(entry: RunEntry): boolean {
    if (this.#relate(entry) === 'already-told') return true;
    const { runs, succeeded, isOld } = this.#wanted;
    if (this.#runs >= runs && this.#succeeded >= succeeded) return false;
    this.#isKept = this.#runs < NEVER_OLD || !isOld(entry.run);
    if (!this.#isKept) return true;
    this.#runs += 1;
    if (entry.run.outcome === 'succeeded') this.#succeeded += 1;
    this.#entries.add(entry);
    return true;
  }

  #relate(entry: RunEntry): Relation {
    const { id } = entry.run;
    if (id === null) return 'is-end';
    const end = this.#ends.get(id);
    const relation = end === undefined ? 'is-end' : relationOf(entry, end);
    if (relation === 'is-end') {
      this.#ends.set(id, entry);
      // Read backwards, a report by another run is undone when the run's own line turns up.
      if (end !== undefined && this.#entries.delete(end)) this.#runs -= 1;
    }
    return relation;
  }
}

/**
 * What an entry says about a run, given the later one that was believed to say how it ended. A report by another run counts only if the run itself
 * has written nothing, and only once.
 */
function relationOf({ run }: RunEntry, { run: end }: RunEntry): Relation {
  if (run.isReported) return 'already-told';
  if (!end.isReported) return 'earlier-attempt';
  // It was at work after this attempt, as its last heartbeat says.
  return run.attempt !== null && run.endedAt < end.endedAt ? 'earlier-attempt' : 'is-end';
}
