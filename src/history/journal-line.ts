import { constants } from 'node:os';
import {
  dateFrom,
  fencingTokenFrom,
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
  const fields = parseJson(line);
  if (!isObject(fields)) return null;
  const { lock, store } = fields;
  if (fields['livinglock'] !== KIND || typeof lock !== 'string') return null;
  return {
    lock,
    store: typeof store === 'string' ? store : null,
    keptBytes: numberFrom(fields['keptBytes']) ?? 0,
    oldest: dateFrom(fields['oldest']) ?? new Date(0),
  };
}

/** Whether a crash may have left this of the first line: a part, or as many zero bytes. */
export function isTornHeader(text: string, owner: JournalOwner): boolean {
  if (text.replaceAll('\0', '') === '') return true;
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
  const fields = parseJson(line);
  if (!isObject(fields)) return { is: 'garbage' };
  const skips = skipsFrom(fields);
  if (skips !== null) return { is: 'skips', skips };
  const run = runFrom(fields);
  return run === null ? { is: 'unknown', line } : { is: 'run', run, line };
}

/** Of the keys that are asked for, no object inherits one. */
type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function runFrom(fields: Fields): PastRun | null {
  const text = (name: string) => textFrom(fields[name]);
  const { lock } = fields;
  const outcome = outcomeFrom(fields['outcome']);
  const startedAt = dateFrom(fields['startedAt']);
  const endedAt = dateFrom(fields['endedAt']);
  if (typeof lock !== 'string' || outcome === null || startedAt === null || endedAt === null) return null;
  return {
    id: text('id'),
    lock,
    store: text('store'),
    outcome,
    startedAt,
    endedAt,
    duration: numberFrom(fields['durationMs']) ?? Math.max(0, endedAt.getTime() - startedAt.getTime()),
    exitCode: exitCodeFrom(fields['exitCode']),
    signal: signalFrom(fields['signal']),
    reason: text('reason'),
    command: text('command'),
    cwd: text('cwd'),
    host: text('host'),
    user: text('user'),
    owner: text('owner'),
    pid: pidFrom(fields['pid']),
    fencingToken: fencingTokenFrom(fields['fencingToken']),
    progress: progressFrom(fields['progress']),
    takenOverFrom: takenOverFrom(fields['takenOverFrom']),
    attempt: attemptFrom(fields['attempt']),
    output: text('output'),
    isReported: fields['isReported'] === true,
    skips: 0,
  };
}

function skipsFrom(fields: Fields): Skips | null {
  const count = Number.isSafeInteger(fields['skips']) ? numberFrom(fields['skips']) : null;
  const first = dateFrom(fields['first']);
  const last = dateFrom(fields['last']);
  return count === null || first === null || last === null ? null : { count, first, last };
}

export function outcomeFrom(value: unknown): RunOutcome | null {
  return OUTCOMES.find((outcome) => outcome === value) ?? null;
}

export function takenOverFrom(value: unknown): TakenOver | null {
  if (!isObject(value)) return null;
  const { state } = value;
  if (state !== 'dead' && state !== 'stalled') return null;
  return {
    id: textFrom(value['id']),
    pid: pidFrom(value['pid']),
    host: textFrom(value['host']),
    state,
    reason: textFrom(value['reason']) ?? '',
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
