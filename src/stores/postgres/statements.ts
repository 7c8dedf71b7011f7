import { parseJson } from '../../core/record/record.js';
import { LATEST_FENCING_TIME } from '../shared/fencing-time.js';
import { fieldOf } from '../shared/field.js';
import { type Row, readRow } from '../shared/lock-row.js';
import { fromJsonb } from './jsonb.js';
import { isTemporary } from './schema.js';

// Anyone who may create objects in a schema of the `search_path` could create an operator, a function or a type there that fits better than PostgreSQL's own, and
// it would run as the lock's user. So each name here has its schema, except for what the grammar itself looks up in `pg_catalog`, such as `bigint`, `extract`,
// `least` and `AT TIME ZONE`. Not so `IN`, `IS DISTINCT FROM` and `NULLIF`, which look for an operator `=`.

/** Such operators all have the same precedence: write parentheses. */
function op(symbol: string): string {
  return `OPERATOR(pg_catalog.${symbol})`;
}

/** A parameter of a statement, of that type. All are sent as texts. */
function text(index: number): string {
  return `$${index}::pg_catalog.text`;
}

function numeric(index: number): string {
  return `${text(index)}::numeric`;
}

function jsonb(index: number): string {
  return `${text(index)}::pg_catalog.jsonb`;
}

/**
 * Counts on from the row, which stays after a release. If somebody deleted the row, the time in microseconds takes its place; it also
 * lets a lock move here from a file.
 */
const FENCING_TIME = `least(pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) ${op('*')} 1000000), ${LATEST_FENCING_TIME})::bigint`;

/** Longer timeouts, in milliseconds, are infinite in `expires_at`: PostgreSQL has no time after the year 294276. */
const LONGEST_EXPIRY = 1e15;

/** What ran, as whom, where and how far is no longer needed once the lock is released. */
const NO_WORK = `details = NULL, workers = '[]', progress = NULL`;

/** Parameters: name, token. */
const HELD_BY_TOKEN = `lock_name ${op('=')} ${text(1)} AND token ${op('=')} ${text(2)} AND lock_owner IS NOT NULL`;

const VERSION = `pg_catalog.concat_ws(' ', fencing_token, revision, token)`;

/** This function takes no times with a time zone, so it fails if the column has none: then each connection would take it for a time in its own time zone. */
const AGE = `pg_catalog.timestamp_mi(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', heartbeat_at AT TIME ZONE 'UTC')`;

/** As one text, so that the connection's settings for numbers, times and JSON do not matter. {@link readAnswer} reads it. */
const ANSWER = `pg_catalog.json_build_object(
    'is_held', lock_owner IS NOT NULL,
    'version', ${VERSION},
    'age', extract(epoch FROM ${AGE}) ${op('*')} 1000,
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
  )::pg_catalog.text`;

/** One row for each schema that has a table of that name, in the column `answer`. Parameters: the name. */
export const SCHEMAS = `SELECT relnamespace::pg_catalog.regnamespace::pg_catalog.text AS answer FROM pg_catalog.pg_class
  WHERE relname ${op('=')} ${text(1)} AND relkind ${op('=')} ANY ('{r,p,v}') ORDER BY answer`;

/**
 * The operations of a store in SQL, each one statement that changes the row only if it is what the caller names. A network may deliver a statement
 * again, long after its repetition was answered, so none does the same twice: a released row keeps the token of its last holder, but not those of
 * earlier ones (see `docs/limits.md`). Each returns at most one row with one column, the `answer`; a change returns none if it was not made.
 *
 * @param table Quoted.
 */
export function statementsFor(table: string) {
  const isOurs = `NOT (${isTemporary(table)})`;
  const change = (sql: string) => changeIf(isOurs, sql);
  return {
    /** Parameters: name. Always returns a row: if the lock has none, `hidden` says what may hide it. */
    read: `SELECT ${ANSWER} AS answer, CASE
        WHEN lock_name IS NOT NULL THEN NULL
        WHEN ${isTemporary(table)} THEN 'temporary table'
        WHEN pg_catalog.row_security_active('${table}'::pg_catalog.text) THEN 'row security'
      END AS hidden
      FROM (SELECT) AS question LEFT JOIN ${table} ON lock_name ${op('=')} ${text(1)} AND ${isOurs}`,

    /** Parameters: name, token, owner, timeout, holder, details, workers. */
    create: change(
      `INSERT INTO ${table} AS lock (lock_name, token, lock_owner, lock_time, expires_at, heartbeat_at, fencing_token, revision,
        stale_timeout_ms, holder, details, workers, progress)
      SELECT ${text(1)}, ${text(2)}, ${text(3)}, at, ${later(numeric(4))}, at, ${FENCING_TIME}, 1,
        ${numeric(4)}, ${jsonb(5)}, ${jsonb(6)}, ${jsonb(7)}, NULL
      FROM moment
      ON CONFLICT (lock_name) DO UPDATE SET
        token = excluded.token, lock_owner = excluded.lock_owner, lock_time = excluded.lock_time,
        expires_at = excluded.expires_at, heartbeat_at = excluded.heartbeat_at,
        fencing_token = greatest(lock.fencing_token ${op('+')} 1, excluded.fencing_token), revision = lock.revision ${op('+')} 1,
        stale_timeout_ms = excluded.stale_timeout_ms, holder = excluded.holder, details = excluded.details,
        workers = excluded.workers, progress = NULL, hold_ms = NULL
      WHERE lock.lock_owner IS NULL AND lock.token ${op('<>')} excluded.token`,
    ),

    /** Parameters: the same, and the version to replace. */
    replace: change(
      `UPDATE ${table} SET
        token = ${text(2)}, lock_owner = ${text(3)}, lock_time = at, expires_at = ${later(numeric(4))}, heartbeat_at = at,
        fencing_token = greatest(fencing_token ${op('+')} 1, ${FENCING_TIME}), revision = revision ${op('+')} 1,
        stale_timeout_ms = ${numeric(4)}, holder = ${jsonb(5)}, details = ${jsonb(6)},
        workers = ${jsonb(7)}, progress = NULL, hold_ms = NULL
      FROM moment
      WHERE lock_name ${op('=')} ${text(1)} AND lock_owner IS NOT NULL AND ${VERSION} ${op('=')} ${text(8)}`,
    ),

    /**
     * Parameters: name, version. Takes the lock of the row, as a change does, and so is refused by a server that takes no writes; but a trigger cannot
     * suppress it. Not a SELECT by its first word, which some drivers send to a replica.
     */
    confirm: `WITH found AS (
      SELECT ${ANSWER} AS answer FROM ${table}
      WHERE lock_name ${op('=')} ${text(1)} AND lock_owner IS NOT NULL AND ${VERSION} ${op('=')} ${text(2)} AND ${isOurs} FOR UPDATE
    ) SELECT answer FROM found`,

    /** Parameters: name, token, progress, workers. */
    beat: change(
      `UPDATE ${table} SET
        heartbeat_at = at, expires_at = ${later('stale_timeout_ms')}, progress = coalesce(${jsonb(3)}, progress),
        workers = coalesce(${jsonb(4)}, workers), revision = revision ${op('+')} 1
      FROM moment
      WHERE ${HELD_BY_TOKEN} AND hold_ms IS NULL`,
    ),

    /** Parameters: name, token. */
    remove: change(
      `UPDATE ${table} SET lock_owner = NULL, lock_time = NULL, expires_at = NULL, hold_ms = NULL, ${NO_WORK},
        revision = revision ${op('+')} 1
      FROM moment
      WHERE ${HELD_BY_TOKEN}`,
    ),

    /** Parameters: name, token, hold. */
    retire: change(
      `UPDATE ${table} SET
        heartbeat_at = at, expires_at = ${later(numeric(3))}, hold_ms = ${numeric(3)}, ${NO_WORK},
        revision = revision ${op('+')} 1
      FROM moment
      WHERE ${HELD_BY_TOKEN} AND hold_ms IS NULL`,
    ),

    /** One row for each name, in the column `answer`. */
    names: `SELECT lock_name AS answer FROM ${table} WHERE lock_owner IS NOT NULL AND ${isOurs}`,
  };
}

/**
 * `at` is the time of the whole statement. If the condition does not hold, nothing is returned; what is there instead takes another statement: all parts
 * of one share a snapshot, so a SELECT in the same statement would show the row as it was when the statement began, even if somebody else was faster.
 */
function changeIf(condition: string, sql: string): string {
  return `WITH moment AS (
      SELECT pg_catalog.date_trunc('milliseconds', pg_catalog.clock_timestamp()) AS at WHERE ${condition}
    ) ${sql} RETURNING ${ANSWER} AS answer`;
}

/** Uses `at` from {@link changeIf}. */
function later(timeout: string): string {
  return `CASE WHEN ${timeout} ${op('<=')} ${LONGEST_EXPIRY}
    THEN at ${op('+')} (${timeout}::double precision ${op('*')} interval '1 millisecond') ELSE 'infinity' END`;
}

function isoText(time: string): string {
  return `pg_catalog.to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** What a statement returns. */
export interface Answer {
  /** Whether somebody holds the lock. */
  readonly isHeld: boolean;
  readonly row: Row;
  /** The token of the last acquisition, even if the lock was released since. */
  readonly token: unknown;
  /** Why there may be a row although none was found: a `'temporary table'` of that name, or `'row security'`. */
  readonly hiddenBy: unknown;
}

/** @param value A row of a result. */
export function readAnswer(value: unknown): Answer {
  const columns = parseJson(fromJsonb(readText(value)));
  return {
    isHeld: fieldOf(columns, 'is_held') === true,
    row: readRow(columns),
    token: fieldOf(columns, 'token'),
    hiddenBy: fieldOf(value, 'hidden'),
  };
}

/** The answer as text. */
export function readText(value: unknown): string {
  return String(fieldOf(value, 'answer'));
}
