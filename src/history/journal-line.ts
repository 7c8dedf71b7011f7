import { constants } from 'node:os';
import {
  dateFrom,
  type Fields,
  fencingTokenFrom,
  fieldsFrom,
  fitCwd,
  fitText,
  fitUser,
  parseJson,
  pidFrom,
  progressFrom,
} from '../core/record/record.js';
import { OUTCOMES, type PastRun, type Run, type RunOutcome, type Skips, type TakenOver } from './run.js';

// The lines of a journal: JSON Lines (https://jsonlines.org), with the keys of `livinglock history --json`.

/** Whose runs a journal lists. */
export interface JournalOwner {
  readonly lock: string;
  readonly store: string | null;
}

/** The first line of a journal. By it a journal is told from somebody else's file. */
export interface Header extends JournalOwner {
  /** The size of the file in bytes when it was last compacted. */
  readonly keptBytes: number;
  /** When the oldest run in it ended, or was skipped, at that time. */
  readonly oldest: Date;
}

/** A line after the first one. */
export type Entry =
  /** What was skipped before the run is in lines of its own. */
  | { readonly is: 'run'; readonly run: PastRun; readonly line: string }
  | { readonly is: 'skips'; readonly skips: Skips }
  /** JSON, but nothing that this version knows: a later version may. */
  | { readonly is: 'unknown'; readonly line: string }
  | { readonly is: 'garbage' };

/** No line that is written is as long. A longer one is not parsed. */
const MAX_LINE = 64 * 1024;
/** The value of the key `livinglock` in the first line. */
const KIND = 'history';

export function headerLine({ lock, store, keptBytes, oldest }: Header): string {
  return `${JSON.stringify({ livinglock: KIND, lock, store: store ?? undefined, keptBytes, oldest })}\n`;
}

/** `null` if the line does not begin a journal. */
export function headerFrom(line: string): Header | null {
  const field = fieldsFrom(parseJson(line));
  const lock = field?.('lock');
  if (field === null || field('livinglock') !== KIND || typeof lock !== 'string') return null;
  const store = field('store');
  return {
    lock,
    store: typeof store === 'string' ? store : null,
    keptBytes: numberFrom(field('keptBytes')) ?? 0,
    oldest: dateFrom(field('oldest')) ?? new Date(0),
  };
}

/** Whether a crash may have left this of the first line. */
export function isTornHeader(left: string, owner: JournalOwner): boolean {
  // Part of a character.
  const text = left.replace(/\ufffd+$/, '');
  const whole = headerLine({ ...owner, keptBytes: 0, oldest: new Date(0) });
  const beginning = whole.slice(0, whole.lastIndexOf('0,"oldest"'));
  return (
    beginning.startsWith(text) ||
    (text.startsWith(beginning) && /^\d+(?:,[\w":.-]{0,36})?$/.test(text.slice(beginning.length)))
  );
}

/** Texts are cut as in a lock's record, so that the size of a journal is bounded. */
export function runLine(run: Run): string {
  const { duration, reason, command, cwd, host, user, owner, progress, takenOverFrom, isReported, ...rest } =
    run;
  return lineOf({
    ...rest,
    durationMs: Math.round(duration),
    reason: shortened(reason),
    command: shortened(command),
    cwd: cwd && fitCwd(cwd),
    host: shortened(host),
    user: user && fitUser(user),
    owner: shortened(owner),
    progress: progress && { ratio: progress.ratio, note: shortened(progress.note) },
    takenOverFrom: takenOverFrom && { ...takenOverFrom, reason: fitText(takenOverFrom.reason) },
    isReported: isReported || null,
  });
}

export function skipsLine({ count, first, last }: Skips): string {
  return lineOf({ skips: count, first, last });
}

export function entryFrom(line: string): Entry {
  if (line.length > MAX_LINE) return { is: 'garbage' };
  const field = fieldsFrom(parseJson(line));
  if (field === null) return { is: 'garbage' };
  const skips = skipsFrom(field);
  if (skips !== null) return { is: 'skips', skips };
  const run = runFrom(field);
  return run === null ? { is: 'unknown', line } : { is: 'run', run, line };
}

function runFrom(field: Fields): PastRun | null {
  const text = (name: string) => textFrom(field(name));
  const lock = field('lock');
  const outcome = outcomeFrom(field('outcome'));
  const startedAt = dateFrom(field('startedAt'));
  const endedAt = dateFrom(field('endedAt'));
  if (typeof lock !== 'string' || outcome === null || startedAt === null || endedAt === null) return null;
  return {
    id: text('id'),
    lock,
    store: text('store'),
    outcome,
    startedAt,
    endedAt,
    duration: numberFrom(field('durationMs')) ?? Math.max(0, endedAt.getTime() - startedAt.getTime()),
    exitCode: exitCodeFrom(field('exitCode')),
    signal: signalFrom(field('signal')),
    reason: text('reason'),
    command: text('command'),
    cwd: text('cwd'),
    host: text('host'),
    user: text('user'),
    owner: text('owner'),
    pid: pidFrom(field('pid')),
    fencingToken: fencingTokenFrom(field('fencingToken')),
    progress: progressFrom(field('progress')),
    takenOverFrom: takenOverFrom(field('takenOverFrom')),
    attempt: attemptFrom(field('attempt')),
    output: text('output'),
    isReported: field('isReported') === true,
    skips: 0,
  };
}

function skipsFrom(field: Fields): Skips | null {
  const count = Number.isSafeInteger(field('skips')) ? numberFrom(field('skips')) : null;
  const first = dateFrom(field('first'));
  const last = dateFrom(field('last'));
  return count === null || first === null || last === null ? null : { count, first, last };
}

export function outcomeFrom(value: unknown): RunOutcome | null {
  return OUTCOMES.find((outcome) => outcome === value) ?? null;
}

export function takenOverFrom(value: unknown): TakenOver | null {
  const field = fieldsFrom(value);
  const state = field?.('state');
  if (field === null || (state !== 'dead' && state !== 'stalled')) return null;
  return {
    id: textFrom(field('id')),
    pid: pidFrom(field('pid')),
    host: textFrom(field('host')),
    state,
    reason: textFrom(field('reason')) ?? '',
  };
}

export function signalFrom(value: unknown): string | null {
  return typeof value === 'string' && Object.hasOwn(constants.signals, value) ? value : null;
}

export function exitCodeFrom(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

export function attemptFrom(value: unknown): number | null {
  const attempt = exitCodeFrom(value);
  return attempt !== null && attempt > 0 ? attempt : null;
}

/** As it is: it was cut when it was written, and no line is endless. */
function textFrom(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A finite number that is not negative. */
export function numberFrom(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : null;
}

function shortened(text: string | null): string | null {
  return text && fitText(text);
}

/** Leaves out what is `null`. */
function lineOf(fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(fields, (_key, value: unknown) => value ?? undefined)}\n`;
}
