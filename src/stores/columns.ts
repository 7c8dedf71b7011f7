import {
  type LockRecord,
  type ProcessIdentity,
  type Progress,
  parseJson,
  recordFrom,
  serializeIdentity,
} from '../record.js';
import type { Claim } from './store.js';

// How a record is spread over the columns of a table, or the fields of a hash, so that people can read and query it. They are called
// the same in every database.

/** Who holds the lock, as people look for it: `host:PID`. */
export function ownerText({ process }: Claim): string {
  return process.hostname === null ? String(process.pid) : `${process.hostname}:${process.pid}`;
}

/** The column `holder`, in JSON: what of a claim nobody queries. */
export function holderText({ process, command, user }: Claim): string {
  return JSON.stringify({
    process_id: process.pid,
    process: serializeIdentity(process),
    command: command ?? undefined,
    user: user ?? undefined,
  });
}

/** The column `workers`, in JSON. */
export function workersText(workers: readonly ProcessIdentity[]): string {
  return JSON.stringify(workers.map(serializeIdentity));
}

/** The column `progress`, in JSON. */
export function progressText(progress: Progress): string {
  return JSON.stringify(progress);
}

/** The record in a row; `null` where somebody has changed it by hand, and it is no record any more. */
export function recordFromRow(row: ReadonlyMap<string, unknown>): LockRecord | null {
  const json = (column: string) => parseJson(String(row.get(column)));
  const holder = json('holder');
  return recordFrom({
    ...(typeof holder === 'object' && holder),
    timestamp: row.get('heartbeat_at'),
    token: row.get('token'),
    fencing_token: numberFrom(row.get('fencing_token')),
    acquired_at: row.get('lock_time'),
    stale_timeout_ms: numberFrom(row.get('stale_timeout_ms')),
    monotonic_ms: row.get('monotonic_ms'),
    workers: json('workers'),
    progress: json('progress'),
  });
}

/** Drivers give integers as bigints where they are told to, and as texts where those may be larger than JavaScript's. */
function numberFrom(value: unknown): number | null {
  return value === null || value === undefined || value === '' ? null : Number(value);
}
