import { parseJson } from '../../core/record/record.js';
import { LATEST_FENCING_TIME } from '../shared/fencing-time.js';
import { fieldOf } from '../shared/field.js';
import { type Row, readRow } from '../shared/lock-row.js';
import { fromJsonb } from './jsonb.js';

/**
 * Counts on from the row, which stays after a release. If somebody deleted the row, the time in microseconds takes its place; it also
 * lets a lock move here from a file.
 */
const FENCING_TIME = `least(floor(extract(epoch FROM clock_timestamp()) * 1000000), ${LATEST_FENCING_TIME})::bigint`;

/** Longer timeouts, in milliseconds, are infinite in `expires_at`: PostgreSQL has no time after the year 294276. */
const LONGEST_EXPIRY = 1e15;

/** What ran, as whom, where and how far is no longer needed once the lock is released. */
const NO_WORK = `details = NULL, workers = '[]', progress = NULL`;

const VERSION = `fencing_token || ' ' || revision || ' ' || token`;

/** As one text, so that the connection's settings for numbers, times and JSON do not matter. {@link readAnswer} reads it. */
const ANSWER = `json_build_object(
    'is_held', lock_owner IS NOT NULL,
    'version', ${VERSION},
    'age', extract(epoch FROM clock_timestamp() - heartbeat_at) * 1000,
    'token', token,
    'fencing_token', fencing_token,
    'lock_time', ${isoText('lock_time')},
    'heartbeat_at', ${isoText('heartbeat_at')},
    'stale_timeout_ms', stale_timeout_ms,
    'hold_ms', hold_ms,
    'holder', holder,
    'details', details,
    'workers', workers,
    'progress', progress
  )::text`;

/** One row for each schema that has a table of that name, in the column `answer`. Parameters: the name. */
export const SCHEMAS = `SELECT relnamespace::regnamespace::text AS answer FROM pg_catalog.pg_class
  WHERE relname = $1::text AND relkind IN ('r', 'p', 'v') ORDER BY answer`;

/**
 * The operations of a store in SQL, each one statement that changes the row only if it is what the caller names. A network may deliver a statement
 * again, long after its repetition was answered, so none does the same twice: a released row keeps the token of its last holder, but not those of
 * earlier ones (see `docs/limits.md`). Each returns at most one row with one column, the `answer`; a change returns none if it was not made.
 *
 * @param table Quoted.
 */
export function statementsFor(table: string) {
  return {
    /** Parameters: name. */
    read: `SELECT ${ANSWER} AS answer FROM ${table} WHERE lock_name = $1::text`,

    /** Parameters: name, token, owner, timeout, holder, details, workers. */
    create: change(
      `INSERT INTO ${table} AS lock (lock_name, token, lock_owner, lock_time, expires_at, heartbeat_at, fencing_token, revision,
        stale_timeout_ms, holder, details, workers, progress)
      SELECT $1::text, $2::text, $3::text, at, ${later('$4::text::numeric')}, at, ${FENCING_TIME}, 1,
        $4::text::numeric, $5::text::jsonb, $6::text::jsonb, $7::text::jsonb, NULL
      FROM moment
      ON CONFLICT (lock_name) DO UPDATE SET
        token = excluded.token, lock_owner = excluded.lock_owner, lock_time = excluded.lock_time,
        expires_at = excluded.expires_at, heartbeat_at = excluded.heartbeat_at,
        fencing_token = greatest(lock.fencing_token + 1, excluded.fencing_token), revision = lock.revision + 1,
        stale_timeout_ms = excluded.stale_timeout_ms, holder = excluded.holder, details = excluded.details,
        workers = excluded.workers, progress = NULL, hold_ms = NULL
      WHERE lock.lock_owner IS NULL AND lock.token IS DISTINCT FROM excluded.token`,
    ),

    /** Parameters: the same, and the version to replace. */
    replace: change(
      `UPDATE ${table} SET
        token = $2::text, lock_owner = $3::text, lock_time = at, expires_at = ${later('$4::text::numeric')}, heartbeat_at = at,
        fencing_token = greatest(fencing_token + 1, ${FENCING_TIME}), revision = revision + 1,
        stale_timeout_ms = $4::text::numeric, holder = $5::text::jsonb, details = $6::text::jsonb,
        workers = $7::text::jsonb, progress = NULL, hold_ms = NULL
      FROM moment
      WHERE lock_name = $1::text AND lock_owner IS NOT NULL AND ${VERSION} = $8::text`,
    ),

    /**
     * Parameters: name, version. Takes the lock of the row, as a change does, and so is refused by a server that takes no writes; but a trigger cannot
     * suppress it. Not a SELECT by its first word, which some drivers send to a replica.
     */
    confirm: `WITH found AS (
      SELECT ${ANSWER} AS answer FROM ${table}
      WHERE lock_name = $1::text AND lock_owner IS NOT NULL AND ${VERSION} = $2::text FOR UPDATE
    ) SELECT answer FROM found`,

    /** Parameters: name, token, progress, workers. */
    beat: change(
      `UPDATE ${table} SET
        heartbeat_at = at, expires_at = ${later('stale_timeout_ms')}, progress = coalesce($3::text::jsonb, progress),
        workers = coalesce($4::text::jsonb, workers), revision = revision + 1
      FROM moment
      WHERE lock_name = $1::text AND token = $2::text AND lock_owner IS NOT NULL AND hold_ms IS NULL`,
    ),

    /** Parameters: name, token. */
    remove: change(
      `UPDATE ${table} SET lock_owner = NULL, lock_time = NULL, expires_at = NULL, hold_ms = NULL, ${NO_WORK},
        revision = revision + 1
      WHERE lock_name = $1::text AND token = $2::text AND lock_owner IS NOT NULL`,
    ),

    /** Parameters: name, token, hold. */
    retire: change(
      `UPDATE ${table} SET
        heartbeat_at = at, expires_at = ${later('$3::text::numeric')}, hold_ms = $3::text::numeric, ${NO_WORK},
        revision = revision + 1
      FROM moment
      WHERE lock_name = $1::text AND token = $2::text AND lock_owner IS NOT NULL AND hold_ms IS NULL`,
    ),

    /** One row for each name, in the column `answer`. */
    names: `SELECT lock_name AS answer FROM ${table} WHERE lock_owner IS NOT NULL`,
  };
}

/**
 * `at` is the time of the whole statement. If the condition does not hold, nothing is returned; what is there instead takes another statement: all parts
 * of one share a snapshot, so a SELECT in the same statement would show the row as it was when the statement began, even if somebody else was faster.
 */
function change(sql: string): string {
  return `WITH moment AS (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) ${sql} RETURNING ${ANSWER} AS answer`;
}

/** Uses `at` from {@link change}. */
function later(timeout: string): string {
  return `CASE WHEN ${timeout} <= ${LONGEST_EXPIRY} THEN at + ${timeout}::double precision * interval '1 millisecond'
    ELSE 'infinity' END`;
}

function isoText(time: string): string {
  return `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** What a statement returns. */
export interface Answer {
  /** Whether somebody holds the lock. */
  readonly isHeld: boolean;
  readonly row: Row;
  /** The token of the last acquisition, even if the lock was released since. */
  readonly token: unknown;
}

/** @param value A row of a result. */
export function readAnswer(value: unknown): Answer {
  const columns = parseJson(fromJsonb(readText(value)));
  return {
    isHeld: fieldOf(columns, 'is_held') === true,
    row: readRow(columns),
    token: fieldOf(columns, 'token'),
  };
}

/** The answer as text. */
export function readText(value: unknown): string {
  return String(fieldOf(value, 'answer'));
}
