import {
  dateFrom,
  fencingTokenFrom,
  fitCwd,
  fitText,
  fitUser,
  objectFrom,
  parseJson,
  pidFrom,
  progressFrom,
  textFrom,
} from '../core/record.js';
import { OUTCOMES, type Run, type RunOutcome, type Skips, type TakenOver } from './run.js';

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
  | { readonly is: 'run'; readonly run: Run; readonly line: string }
  | { readonly is: 'skips'; readonly skips: Skips }
  /** JSON, but nothing that this version knows: a later version may. */
  | { readonly is: 'unknown'; readonly line: string }
  | { readonly is: 'garbage' };

/** No line that is written is as long. A longer one is not parsed. */
const MAX_LINE = 64 * 1024;
/** The value of the key `livinglock` in the first line. */
const KIND = 'history';
const SIGNAL_BYTES = 32;

export function headerLine({ lock, store, keptBytes, oldest }: Header): string {
  return `${JSON.stringify({ livinglock: KIND, lock, store: store ?? undefined, keptBytes, oldest })}\n`;
}

/** `null` if the line does not begin a journal. */
export function headerFrom(line: string): Header | null {
  const fields = objectFrom(parseJson(line));
  const lock = fields?.get('lock');
  if (fields?.get('livinglock') !== KIND || typeof lock !== 'string') return null;
  const store = fields.get('store');
  return {
    lock,
    store: typeof store === 'string' ? store : null,
    keptBytes: numberFrom(fields.get('keptBytes')) ?? 0,
    oldest: dateFrom(fields.get('oldest')) ?? new Date(0),
  };
}

/** Texts are cut as in a lock's record, so that the size of a journal is bounded. */
export function runLine(run: Run): string {
  const { id, lock, store, outcome, startedAt, endedAt, exitCode, signal, reason, takenOverFrom } = run;
  const { command, cwd, host, user, owner, pid, fencingToken, progress, output } = run;
  return lineOf({
    id,
    lock,
    store,
    outcome,
    startedAt,
    endedAt,
    durationMs: Math.round(run.duration),
    exitCode,
    signal,
    reason: shortened(reason),
    command: shortened(command),
    cwd: cwd && fitCwd(cwd),
    host: shortened(host),
    user: user && fitUser(user),
    owner: shortened(owner),
    pid,
    fencingToken,
    progress: progress && { ratio: progress.ratio, note: shortened(progress.note) },
    takenOverFrom: takenOverFrom && { ...takenOverFrom, reason: fitText(takenOverFrom.reason) },
    output,
    isReported: run.isReported || null,
  });
}

export function skipsLine({ count, first, last }: Skips): string {
  return lineOf({ skips: count, first, last });
}

export function entryFrom(line: string): Entry {
  if (line.length > MAX_LINE) return { is: 'garbage' };
  const fields = objectFrom(parseJson(line));
  if (fields === null) return { is: 'garbage' };
  const skips = skipsFrom(fields);
  if (skips !== null) return { is: 'skips', skips };
  const run = runFrom(fields);
  return run === null ? { is: 'unknown', line } : { is: 'run', run, line };
}

type Fields = ReadonlyMap<string, unknown>;

function runFrom(fields: Fields): Run | null {
  const text = (name: string, limit?: number) => textFrom(fields.get(name), limit);
  const lock = fields.get('lock');
  const outcome = outcomeFrom(fields.get('outcome'));
  const startedAt = dateFrom(fields.get('startedAt'));
  const endedAt = dateFrom(fields.get('endedAt'));
  if (typeof lock !== 'string' || outcome === null || startedAt === null || endedAt === null) return null;
  return {
    id: text('id'),
    lock,
    store: text('store'),
    outcome,
    startedAt,
    endedAt,
    duration: numberFrom(fields.get('durationMs')) ?? Math.max(0, endedAt.getTime() - startedAt.getTime()),
    exitCode: exitCodeFrom(fields.get('exitCode')),
    signal: text('signal', SIGNAL_BYTES),
    reason: text('reason'),
    command: text('command'),
    cwd: text('cwd'),
    host: text('host'),
    user: text('user'),
    owner: text('owner'),
    pid: pidFrom(fields.get('pid')),
    fencingToken: fencingTokenFrom(fields.get('fencingToken')),
    progress: progressFrom(fields.get('progress')),
    takenOverFrom: takenOverFrom(fields.get('takenOverFrom')),
    output: text('output', MAX_LINE),
    isReported: fields.get('isReported') === true,
  };
}

function skipsFrom(fields: Fields): Skips | null {
  const count = numberFrom(fields.get('skips'));
  const first = dateFrom(fields.get('first'));
  const last = dateFrom(fields.get('last'));
  return count === null || first === null || last === null ? null : { count, first, last };
}

function outcomeFrom(value: unknown): RunOutcome | null {
  return OUTCOMES.find((outcome) => outcome === value) ?? null;
}

function takenOverFrom(value: unknown): TakenOver | null {
  const fields = objectFrom(value);
  const state = fields?.get('state');
  if (fields === null || (state !== 'dead' && state !== 'stalled')) return null;
  return {
    id: textFrom(fields.get('id')),
    pid: pidFrom(fields.get('pid')),
    host: textFrom(fields.get('host')),
    state,
    reason: textFrom(fields.get('reason')) ?? '',
  };
}

function exitCodeFrom(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}

/** A finite number that is not negative. */
function numberFrom(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : null;
}

function shortened(text: string | null): string | null {
  return text && fitText(text);
}

/** Leaves out what is `null`. */
function lineOf(fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(fields, (_key, value: unknown) => value ?? undefined)}\n`;
}
