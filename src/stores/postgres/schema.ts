import { refuseUnknown } from '../../core/options/validate.js';
import { quotedIdentifier } from '../shared/sql-identifier.js';

/** The name of the table, and its schema. */
export interface PostgresSchemaOptions {
  /**
   * The table that contains the locks. ASCII letters, digits and underscores.
   *
   * Default: `'livinglock'`.
   */
  readonly tableName?: string | undefined;
  /**
   * The schema of the table, which must exist. ASCII letters, digits and underscores; not `pg_temp`. Name it if the `search_path` can change:
   * a connection with another one would have a table, and locks, of its own.
   *
   * Default: by the connection's `search_path`, usually `public`.
   */
  readonly schema?: string | undefined;
}

const DEFAULT_TABLE = 'livinglock';

/**
 * The statement that creates the table of {@link postgresStore}, for projects whose migrations own the schema. It does nothing if
 * the table exists.
 *
 * @example
 * import { postgresSchema } from 'livinglock/postgres';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool();
 * await pool.query(postgresSchema({ schema: 'batch' }));
 */
export function postgresSchema(options: PostgresSchemaOptions = {}): string {
  refuseUnknown(options, ['tableName', 'schema']);
  // Sorted by bytes, because a collation of the operating system may change with the system, which breaks the index.
  return `CREATE TABLE IF NOT EXISTS ${quotedTable(options)} (
  lock_name        text COLLATE "C" PRIMARY KEY,
  lock_owner       text,                 -- who holds the lock: its owner, or host:PID; NULL: nobody does
  lock_time        timestamptz,          -- since when; NULL: nobody holds it
  expires_at       timestamptz,          -- when others may take over if there is no heartbeat; NULL: nobody holds it
  heartbeat_at     timestamptz NOT NULL, -- the last heartbeat, or the release
  token            text NOT NULL,        -- unique to the last acquisition
  fencing_token    bigint NOT NULL,      -- greater than that of every acquisition before
  revision         bigint NOT NULL,      -- greater with each change
  stale_timeout_ms numeric,              -- the holder's own; NULL: endless
  hold_ms          numeric,              -- released, but held for so long after that; NULL: not released
  holder           jsonb NOT NULL,       -- process_id, process, owner
  details          jsonb,                -- command, user, cwd; NULL: the lock was released
  workers          jsonb NOT NULL,       -- processes that do the holder's work
  progress         jsonb                 -- ratio, note
)`;
}

/** The table's name as SQL. Throws a `TypeError` for names that could mean something else. */
export function quotedTable({ tableName = DEFAULT_TABLE, schema }: PostgresSchemaOptions): string {
  const table = quotedIdentifier('tableName', tableName);
  if (schema === undefined) return table;
  if (/^pg_temp(?:_\d+)?$/.test(schema)) {
    throw new TypeError(
      `The option \`schema\` must not be ${schema}: a temporary table belongs to one connection, and keeps nobody else out.`,
    );
  }
  return `${quotedIdentifier('schema', schema)}.${table}`;
}

/** SQL that is true if the name means a temporary table of this session, which is found before all others of a name without a schema. */
export function isTemporary(table: string): string {
  return table.includes('.') ? 'false' : `pg_catalog.to_regclass('pg_temp.${table}') IS NOT NULL`;
}
