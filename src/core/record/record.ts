import { attempt } from '../../system/attempt.js';
import { isBare, type ProcessIdentity } from '../../system/processes/process-identity.js';

/** How far the holder says its work has come. */
export interface Progress {
  /** From 0 to 1. */
  readonly ratio: number | null;
  /** What is being done now. */
  readonly note: string | null;
}

/** What a holder wrote about itself and its lock. Anything the record does not say is `null`. */
export interface LockRecord {
  /** The PID of the holder. */
  readonly processId: number;
  /** The last heartbeat, by the wall clock. */
  readonly timestamp: Date;
  /** Unique to one acquisition. */
  readonly token: string | null;
  /** Greater than that of every earlier acquisition of the same lock. */
  readonly fencingToken: number | null;
  /** When this acquisition began. */
  readonly acquiredAt: Date | null;
  /** Milliseconds; `Infinity` if the existence of the process is proof enough. */
  readonly staleTimeout: number | null;
  /** The last heartbeat, in milliseconds on the monotonic clock of the boot in `process.bootId`. */
  readonly monotonic: number | null;
  /** The holder's process. */
  readonly process: ProcessIdentity;
  /** Other processes that do the holder's work. The holder is dead only when these are dead too. */
  readonly workers: readonly ProcessIdentity[];
  /** What runs under the lock, from the option `command`. */
  readonly command: string | null;
  /** The user the holder runs as. */
  readonly user: string | null;
  /** The folder in which the holder runs. It tells one project's `./import.sh` from another's. */
  readonly cwd: string | null;
  /** The holder's stable name, from the option `owner`. */
  readonly owner: string | null;
  /** What the heartbeats have reported. */
  readonly progress: Progress | null;
  /**
   * `null` while somebody works under the lock. A number once it was released early (`holdAtLeast`): it still counts as held
   * for this many milliseconds after `timestamp`.
   */
  readonly hold: number | null;
}

/**
 * Longer texts are cut, so that a record always fits into one 4 KiB block and a full disk cannot cut it instead. It contains the host name
 * five times, for the holder and each of four workers, and a host name may have 253 characters.
 */
const MAX_TEXT_BYTES = 512;
const MAX_CWD_BYTES = 256;
const MAX_USER_BYTES = 64;
/** How many workers a record has room for. */
export const MAX_WORKERS = 4;
const MAX_PID = 2 ** 31 - 1;
/** Leaves room to count upwards from any accepted token. */
const MAX_FENCING_TOKEN = Number.MAX_SAFE_INTEGER - 2 ** 32;

/** Writes a record as the text of a lock file, with the Go package's two keys first. */
export function serializeRecord(record: LockRecord): string {
  return `${JSON.stringify({
    process_id: record.processId,
    timestamp: record.timestamp.toISOString(),
    token: record.token ?? undefined,
    fencing_token: record.fencingToken ?? undefined,
    acquired_at: record.acquiredAt?.toISOString(),
    // JSON has no infinity and writes it as null, as the format requires.
    stale_timeout_ms: record.staleTimeout ?? undefined,
    monotonic_ms: record.monotonic ?? undefined,
    process: isBare(record.process) ? undefined : serializeIdentity(record.process),
    workers: record.workers.length > 0 ? record.workers.map(serializeIdentity) : undefined,
    command: record.command ?? undefined,
    user: record.user ?? undefined,
    cwd: record.cwd ?? undefined,
    owner: record.owner ?? undefined,
    progress: record.progress ?? undefined,
    hold_ms: record.hold ?? undefined,
  })}\n`;
}

/**
 * Reads the text of a lock file: ours, the Go package's (`process_id` and `timestamp`), or a classic PID file (only a
 * number; its heartbeat is the file's modification time). `null` for anything else; never throws.
 */
export function parseRecord(text: string, modifiedAt: Date): LockRecord | null {
  const [, pid] = /^\s*(\d{1,10})\s*$/.exec(text) ?? [];
  if (pid === undefined) return recordFrom(parseJson(text));
  const record = recordFrom({ process_id: Number(pid), timestamp: new Date(0).toISOString() });
  return record && { ...record, timestamp: modifiedAt };
}

/** The record in parsed JSON, or `null`. */
function recordFrom(value: unknown): LockRecord | null {
  const field = fieldsFrom(value);
  return field && recordOf(field);
}

/** The record of which the function returns the fields, or `null`. */
export function recordOf(field: Fields): LockRecord | null {
  const processId = pidFrom(field('process_id'));
  const timestamp = dateFrom(field('timestamp'));
  if (processId === null || timestamp === null) return null;

  const identity = identityFrom(field('process'));
  const monotonic = field('monotonic_ms');
  return {
    processId,
    timestamp,
    token: textFrom(field('token')),
    fencingToken: fencingTokenFrom(field('fencing_token')),
    acquiredAt: dateFrom(field('acquired_at')),
    staleTimeout: staleTimeoutFrom(field('stale_timeout_ms')),
    // It may be from before the boot: an injected clock may say so, and JSON only has finite numbers.
    monotonic: typeof monotonic === 'number' ? monotonic : null,
    process: identity?.pid === processId ? identity : bareIdentity(processId),
    workers: workersFrom(field('workers')),
    command: textFrom(field('command')),
    user: textFrom(field('user'), MAX_USER_BYTES),
    cwd: textFrom(field('cwd'), MAX_CWD_BYTES),
    owner: textFrom(field('owner')),
    progress: progressFrom(field('progress')),
    hold: positiveFrom(field('hold_ms')),
  };
}

/** The keys of a record, in the order in which they are written. */
const KEYS: ReadonlySet<string> = new Set([
  ...['process_id', 'timestamp', 'token', 'fencing_token', 'acquired_at', 'stale_timeout_ms', 'monotonic_ms'],
  ...['process', 'workers', 'command', 'user', 'cwd', 'owner', 'progress', 'hold_ms'],
]);

/** Whether it is a key of a record. */
export function isKnownKey(key: string): boolean {
  return KEYS.has(key);
}

function bareIdentity(pid: number): ProcessIdentity {
  return { pid, hostname: null, bootId: null, pidNamespace: null, started: null };
}

/** An identity as it is stored in a record, ready for JSON. */
export function serializeIdentity(identity: ProcessIdentity): Readonly<Record<string, unknown>> {
  return {
    pid: identity.pid,
    hostname: identity.hostname,
    boot_id: identity.bootId,
    pid_namespace: identity.pidNamespace,
    started: identity.started,
    group: identity.group,
    inherited_socket: identity.inheritedSocket,
    sign: identity.sign,
  };
}

/** The identity in parsed JSON, or `null`. */
export function identityFrom(value: unknown): ProcessIdentity | null {
  const field = fieldsFrom(value);
  const pid = pidFrom(field?.('pid'));
  if (field === null || pid === null) return null;
  const inheritedSocket = textFrom(field('inherited_socket'));
  return {
    pid,
    hostname: textFrom(field('hostname')),
    bootId: textFrom(field('boot_id')),
    pidNamespace: textFrom(field('pid_namespace')),
    started: textFrom(field('started')),
    ...(field('group') === true && { group: true }),
    ...(inheritedSocket !== null && { inheritedSocket }),
    ...(field('sign') === true && { sign: true }),
  };
}

/** Cuts a user name to what a record has room for. */
export function fitUser(name: string): string {
  return fitText(name, MAX_USER_BYTES);
}

/** Cuts the path of a working folder to what a record has room for. */
export function fitCwd(path: string): string {
  return fitText(path, MAX_CWD_BYTES);
}

/** Cuts a text to what a record has room for, measured as JSON, at a character boundary. */
export function fitText(text: string, limit: number = MAX_TEXT_BYTES): string {
  if (jsonBytes(text) <= limit) return text;
  let room = limit - jsonBytes('…');
  let fitting = '';
  for (const character of text) {
    room -= jsonBytes(character);
    if (room < 0) break;
    fitting += character;
  }
  return `${fitting}…`;
}

/** A control character takes six bytes, a quotation mark two. */
function jsonBytes(text: string): number {
  // Nearly all texts, in a fraction of the time.
  if (/^[ !#-[\]-~]*$/.test(text)) return text.length;
  return Buffer.byteLength(JSON.stringify(text)) - '""'.length;
}

/** `undefined` if the text is not JSON, or is nested deeper than the parser's stack. */
export function parseJson(text: string): unknown {
  return attempt(() => JSON.parse(text), undefined);
}

/** The fields of a record by their keys in JSON. `undefined` for those that it does not have. */
export type Fields = (key: string) => unknown;

/** The fields of parsed JSON; `null` if it is not an object. What every object inherits does not count. */
export function fieldsFrom(value: unknown): Fields | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return (key) => (Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined);
}

/** In `kill(2)`, 0 and negative numbers mean process groups; they must never reach a signal. */
export function pidFrom(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= MAX_PID ? value : null;
}

export function dateFrom(value: unknown): Date | null {
  if (typeof value !== 'string' || !/^[+-]?\d{4,6}-\d\d-\d\dT/.test(value)) return null;
  const time = Date.parse(value);
  return Number.isFinite(time) ? new Date(time) : null;
}

function textFrom(value: unknown, limit?: number): string | null {
  return typeof value === 'string' && value !== '' ? fitText(value, limit) : null;
}

export function fencingTokenFrom(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MAX_FENCING_TOKEN
    ? value
    : null;
}

function staleTimeoutFrom(value: unknown): number | null {
  return value === null ? Number.POSITIVE_INFINITY : positiveFrom(value);
}

function positiveFrom(value: unknown): number | null {
  return typeof value === 'number' && value > 0 ? value : null;
}

function workersFrom(value: unknown): ProcessIdentity[] {
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, MAX_WORKERS)
    .map(identityFrom)
    .filter((worker) => worker !== null);
}

export function progressFrom(value: unknown): Progress | null {
  const field = fieldsFrom(value);
  if (field === null) return null;
  const ratio = field('ratio');
  return {
    ratio: typeof ratio === 'number' && ratio >= 0 && ratio <= 1 ? ratio : null,
    note: textFrom(field('note')),
  };
}
