import { provenanceInDatabase } from '../../core/assess/provenance.js';
import {
  fieldsFrom,
  type LockRecord,
  parseJson,
  recordOf,
  serializeIdentity,
} from '../../core/record/record.js';
import type { Claim, Stored } from '../../core/store.js';
import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import { fieldOf } from './field.js';

/** One lock, as the statements of an SQL store return it. */
export interface Row {
  readonly version: string;
  /** `null` if somebody changed the table by hand, and it is no longer a record. */
  readonly record: LockRecord | null;
  /** Milliseconds since the last heartbeat by the database's clock; `Infinity` without a record. */
  readonly age: number;
}

/**
 * The values of a claimed lock's columns, as far as they depend on the claim. What has parts is JSON, because SQLite ends texts at a NUL, and PostgreSQL
 * cannot store one.
 */
export function columnsOf({ process, workers, staleTimeout, command, user, cwd, owner }: Claim) {
  const { hostname, pid } = process;
  return {
    /** Only for people: livinglock reads `holder`. */
    owner: owner ?? (hostname === null ? String(pid) : `${hostname}:${pid}`),
    /** `null` for `Infinity`. */
    timeout: Number.isFinite(staleTimeout) ? staleTimeout : null,
    holder: JSON.stringify({
      process_id: pid,
      process: serializeIdentity(process),
      owner: owner ?? undefined,
    }),
    /** Cleared by a release, because nobody needs it any more. */
    details: JSON.stringify({
      command: command ?? undefined,
      user: user ?? undefined,
      cwd: cwd ?? undefined,
    }),
    workers: workersText(workers),
  };
}

export function workersText(workers: readonly ProcessIdentity[]): string {
  return JSON.stringify(workers.map(serializeIdentity));
}

/** @param value A row of a result, by column names. Throws a `TypeError` for anything else: a holder that cannot be read would seem to be none. */
export function readRow(value: unknown): Row {
  // Integers are bigints if the connection is configured so.
  const at = (column: string): unknown => fieldOf(value, column);
  if (at('hold_ms') === undefined) {
    throw new TypeError('the connection does not return rows as objects with the names of their columns');
  }
  // A text in SQLite; PostgreSQL has a type for it.
  const json = (column: string) => {
    const content = at(column);
    // Redis has no `NULL`, and to parse an empty text would throw an error for each row.
    if (content === '') return undefined;
    return typeof content === 'string' ? parseJson(content) : content;
  };
  const holder = fieldsFrom(json('holder'));
  const details = fieldsFrom(json('details'));
  const timeout = at('stale_timeout_ms');
  const columns = {
    timestamp: at('heartbeat_at'),
    token: at('token'),
    fencing_token: Number(at('fencing_token')),
    acquired_at: at('lock_time'),
    stale_timeout_ms: timeout === null ? null : Number(timeout),
    monotonic_ms: at('monotonic_ms'),
    workers: json('workers'),
    progress: json('progress'),
    hold_ms: at('hold_ms'),
  };
  const record = recordOf((key) =>
    Object.hasOwn(columns, key) ? fieldOf(columns, key) : (holder?.(key) ?? details?.(key)),
  );
  const age = at('age');
  return {
    version: String(at('version')),
    record,
    // In the future: the clock of the database was set back since. It counts as long ago as it is ahead, or the lock could be held forever.
    age: record === null || typeof age !== 'number' ? Number.POSITIVE_INFINITY : Math.abs(age),
  };
}

/** What was found on a server, by whose clock it is aged. Other machines may use it, too, so a record of another boot proves nothing. */
export function storedFrom({ version, record, age }: Row, processes: ProcessTable): Stored {
  const provenance = record === null ? 'unknown' : provenanceInDatabase(record, processes.self());
  return { version, record, age, provenance };
}
