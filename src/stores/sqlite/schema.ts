import { refuseUnknown, show } from '../../core/options/validate.js';
import { quotedIdentifier } from '../shared/sql-identifier.js';

/** The name of the table. */
export interface SqliteSchemaOptions {
  /**
   * The table that contains the locks. ASCII letters, digits and underscores.
   *
   * Default: `'livinglock'`.
   */
  readonly tableName?: string | undefined;
}

const DEFAULT_TABLE = 'livinglock';

/**
 * The statement that creates the table of {@link sqliteStore}, for projects whose migrations own the schema. It does nothing if
 * the table exists.
 *
 * Times are by SQLite's clock, in UTC, as `2026-01-02T03:04:05.678Z`.
 *
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { sqliteSchema } from 'livinglock/sqlite';
 *
 * const database = new DatabaseSync('/var/lib/shop/shop.db');
 * database.exec(sqliteSchema());
 */
export function sqliteSchema(options: SqliteSchemaOptions = {}): string {
  refuseUnknown(options, ['tableName']);
  return `CREATE TABLE IF NOT EXISTS ${quotedTable(options.tableName)} (
  lock_name        TEXT PRIMARY KEY NOT NULL,
  lock_owner       TEXT,              -- who holds the lock: its owner, or host:PID; NULL: nobody does
  lock_time        TEXT,              -- since when; NULL: nobody holds it
  expires_at       TEXT,              -- when others may take over if there is no heartbeat; NULL: never, or nobody holds it
  heartbeat_at     TEXT NOT NULL,     -- the last heartbeat, or the release
  token            TEXT NOT NULL,     -- unique to the last acquisition
  fencing_token    INTEGER NOT NULL,  -- greater than that of every acquisition before
  revision         INTEGER NOT NULL,  -- greater with each change
  stale_timeout_ms INTEGER,           -- the holder's own; NULL: endless
  hold_ms          REAL,              -- released, but kept held for this long; NULL: not released
  monotonic_ms     REAL,              -- the last heartbeat, on the clock of the holder's boot
  holder           TEXT NOT NULL,     -- JSON: process_id, process, owner
  details          TEXT,              -- JSON: command, user, cwd; NULL: the lock was released
  workers          TEXT NOT NULL,     -- JSON: processes that do the holder's work
  progress         TEXT               -- JSON: ratio, note
)`;
}

/** The table's name as SQL. Throws a `TypeError` for a name that could mean something else. */
export function quotedTable(tableName: unknown = DEFAULT_TABLE): string {
  if (typeof tableName === 'string' && /^sqlite_/i.test(tableName)) {
    throw new TypeError(
      `The option \`tableName\` must not begin with \`sqlite_\`, which SQLite reserves, but is ${show(tableName)}.`,
    );
  }
  return quotedIdentifier('tableName', tableName);
}

/**
 * The table in the file that the connection was opened with. Without `main` it could be one of a temporary or an attached database, which others
 * do not see. `CREATE TABLE` needs none.
 */
export function tableInMain(tableName?: string): string {
  return `main.${quotedTable(tableName)}`;
}
