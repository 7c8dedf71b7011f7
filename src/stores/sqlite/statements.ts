import { LATEST_FENCING_TIME } from '../shared/fencing-time.js';

/** Whole milliseconds since 1970. In SQLite all uses of `now` in a statement mean one moment, after it has got its lock. */
const NOW_MS = `CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)`;
/** `unixepoch('subsec')` would be shorter, but needs SQLite 3.42. */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`;
const AGE = `(julianday('now') - julianday(heartbeat_at)) * 86400000.0`;

/**
 * Counts on from the row, which stays after a release. If somebody deleted the row, the time takes its place; it also lets a lock move
 * here from a file.
 */
const FENCING_TIME = `min(${NOW_MS} * 1000, ${LATEST_FENCING_TIME})`;

const VERSION = `fencing_token || ' ' || revision || ' ' || token`;

/**
 * The columns that {@link readRow} reads. Drivers refuse to return an integer that is no safe one in JavaScript. Each has an alias, or `PRAGMA
 * full_column_names` would put the name of the table in front of it.
 */
const COLUMNS = `${VERSION} AS version, ${AGE} AS age, token AS token, CAST(fencing_token AS REAL) AS fencing_token,
  lock_time AS lock_time, heartbeat_at AS heartbeat_at, CAST(stale_timeout_ms AS REAL) AS stale_timeout_ms,
  monotonic_ms AS monotonic_ms, holder AS holder, details AS details, workers AS workers, progress AS progress, hold_ms AS hold_ms`;

/** What ran, as whom, where and how far is no longer needed once the lock is released. */
const NO_WORK = `details = NULL, workers = '[]', progress = NULL`;

/** `NULL` if the sum is beyond the year 9999. */
function later(timeout: string): string {
  return `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+' || (${timeout} / 1000.0) || ' seconds')`;
}

/**
 * The operations of a store in SQL, each one statement that changes the row only if it is what the caller names. The
 * parameters have no numbers, because better-sqlite3 takes `?1` for a name.
 *
 * @param table Quoted, with its database.
 */
export function statementsFor(table: string) {
  return {
    /** Parameters: name. */
    read: `SELECT ${COLUMNS} FROM ${table} WHERE lock_name = ? AND lock_owner IS NOT NULL`,

    /** Parameters: name, owner, timeout, token, timeout, monotonic, holder, details, workers. */
    create: `INSERT INTO ${table} (lock_name, lock_owner, lock_time, expires_at, heartbeat_at, token, fencing_token, revision,
        stale_timeout_ms, monotonic_ms, holder, details, workers, progress)
      VALUES (?, ?, ${NOW}, ${later('?')}, ${NOW}, ?, ${FENCING_TIME}, 1, ?, ?, ?, ?, ?, NULL)
      ON CONFLICT (lock_name) DO UPDATE SET
        lock_owner = excluded.lock_owner, lock_time = excluded.lock_time, expires_at = excluded.expires_at,
        heartbeat_at = excluded.heartbeat_at, token = excluded.token,
        fencing_token = max(fencing_token + 1, excluded.fencing_token), revision = revision + 1,
        stale_timeout_ms = excluded.stale_timeout_ms, monotonic_ms = excluded.monotonic_ms,
        holder = excluded.holder, details = excluded.details, workers = excluded.workers, progress = NULL, hold_ms = NULL
      WHERE lock_owner IS NULL
      RETURNING ${COLUMNS}`,

    /** Parameters: owner, timeout, token, timeout, monotonic, holder, details, workers, name, version. */
    replace: `UPDATE ${table} SET
        lock_owner = ?, lock_time = ${NOW}, expires_at = ${later('?')}, heartbeat_at = ${NOW}, token = ?,
        fencing_token = max(fencing_token + 1, ${FENCING_TIME}), revision = revision + 1,
        stale_timeout_ms = ?, monotonic_ms = ?, holder = ?, details = ?, workers = ?, progress = NULL, hold_ms = NULL
      WHERE lock_name = ? AND lock_owner IS NOT NULL AND ${VERSION} = ?
      RETURNING ${COLUMNS}`,

    /** Parameters: name, version. */
    confirm: `UPDATE ${table} SET revision = revision
      WHERE lock_name = ? AND lock_owner IS NOT NULL AND ${VERSION} = ?
      RETURNING ${COLUMNS}`,

    /** Parameters: monotonic, workers, progress, name, token. */
    beat: `UPDATE ${table} SET
        heartbeat_at = ${NOW}, expires_at = ${later('stale_timeout_ms')}, monotonic_ms = ?,
        workers = coalesce(?, workers), progress = coalesce(?, progress), revision = revision + 1
      WHERE lock_name = ? AND token = ? AND lock_owner IS NOT NULL AND hold_ms IS NULL
      RETURNING ${COLUMNS}`,

    /** Parameters: name, token. */
    remove: `UPDATE ${table} SET lock_owner = NULL, lock_time = NULL, expires_at = NULL, hold_ms = NULL, ${NO_WORK},
        revision = revision + 1
      WHERE lock_name = ? AND token = ? AND lock_owner IS NOT NULL
      RETURNING ${COLUMNS}`,

    /** Parameters: hold, hold, monotonic, name, token. */
    retire: `UPDATE ${table} SET
        heartbeat_at = ${NOW}, expires_at = ${later('?')}, hold_ms = ?, monotonic_ms = ?, ${NO_WORK}, revision = revision + 1
      WHERE lock_name = ? AND token = ? AND lock_owner IS NOT NULL
      RETURNING ${COLUMNS}`,

    /** What the release with that name and token left, if it was the last. */
    released: `SELECT ${COLUMNS} FROM ${table} WHERE lock_name = ? AND token = ? AND lock_owner IS NULL`,

    names: `SELECT lock_name AS lock_name FROM ${table} WHERE lock_owner IS NOT NULL ORDER BY lock_name`,
  };
}
