import type { LockRecord } from '../../record.js';
import { holderText, ownerText, recordFromRow, workersText } from '../columns.js';
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
  const { token, workers, staleTimeout } = claim;
  const timeout = Number.isFinite(staleTimeout) ? staleTimeout : null;
  return [ownerText(claim), timeout, token, timeout, monotonic, holderText(claim), workersText(workers)];
}

export function readRow(value: unknown): Row {
  const row = new Map<string, unknown>(
    typeof value === 'object' && value !== null ? Object.entries(value) : [],
  );
  const record = recordFromRow(row);
  const age = row.get('age');
  return {
    version: String(row.get('version')),
    record,
    // Both clocks are SQLite's, but that of another machine may be ahead.
    age: record === null || typeof age !== 'number' ? Number.POSITIVE_INFINITY : Math.max(0, age),
  };
}
