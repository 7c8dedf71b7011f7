import {
  type LockRecord,
  type ProcessIdentity,
  parseJson,
  recordFrom,
  serializeIdentity,
} from '../../record.js';
import type { Claim } from '../store.js';

/** One lock, as the statements give it. */
export interface Row {
  readonly version: string;
  /** `null` where somebody has written to the table by hand, and it is no record any more. */
  readonly record: LockRecord | null;
  /** Milliseconds since the last heartbeat by SQLite's clock; without a record endless. */
  readonly age: number;
}

/** What is kept of a claim, in the order in which the statements take it. JSON, because SQLite ends texts at a NUL. */
export function columnsOf(claim: Claim, monotonic: number): (string | number | null)[] {
  const { token, process, workers, staleTimeout, command, user } = claim;
  const timeout = Number.isFinite(staleTimeout) ? staleTimeout : null;
  const holder = JSON.stringify({
    process_id: process.pid,
    process: serializeIdentity(process),
    command: command ?? undefined,
    user: user ?? undefined,
    owner: claim.owner ?? undefined,
  });
  return [ownerOf(claim), timeout, token, timeout, monotonic, holder, workersText(workers)];
}

/** For people: the JSON beside it is what is read again. */
function ownerOf({ owner, process: { hostname, pid } }: Claim): string {
  return owner ?? (hostname === null ? String(pid) : `${hostname}:${pid}`);
}

export function workersText(workers: readonly ProcessIdentity[]): string {
  return JSON.stringify(workers.map(serializeIdentity));
}

export function readRow(value: unknown): Row {
  // Integers are bigints where the connection is set so.
  const row = new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  const json = (column: string) => parseJson(String(row.get(column)));
  const holder = json('holder');
  const timeout = row.get('stale_timeout_ms');
  const record = recordFrom({
    ...(typeof holder === 'object' && holder),
    timestamp: row.get('heartbeat_at'),
    token: row.get('token'),
    fencing_token: Number(row.get('fencing_token')),
    acquired_at: row.get('lock_time'),
    stale_timeout_ms: timeout === null ? null : Number(timeout),
    monotonic_ms: row.get('monotonic_ms'),
    workers: json('workers'),
    progress: json('progress'),
    hold_ms: row.get('hold_ms'),
  });
  const age = row.get('age');
  return {
    version: String(row.get('version')),
    record,
    // Both clocks are SQLite's, but that of another machine may be ahead.
    age: record === null || typeof age !== 'number' ? Number.POSITIVE_INFINITY : Math.max(0, age),
  };
}
