import { refuseUnknown } from '../../core/options/validate.js';
import { FENCE_TABLE } from '../shared/fence.js';
import { quotedTable } from './schema.js';

/** The name of the table of fences, and its schema. */
export interface PostgresFenceSchemaOptions {
  /**
   * The table that contains the fences. ASCII letters, digits and underscores.
   *
   * Default: `'livinglock_fences'`.
   */
  readonly tableName?: string | undefined;
  /**
   * The schema of the table, which must exist. ASCII letters, digits and underscores.
   *
   * Default: by the connection's `search_path`, usually `public`.
   */
  readonly schema?: string | undefined;
}

/**
 * The statement that creates the table of {@link fence}, for projects whose migrations own the schema. It does nothing if the table exists.
 *
 * @example
 * import { fenceSchema } from 'livinglock/postgres';
 * import pg from 'pg';
 *
 * const pool = new pg.Pool();
 * await pool.query(fenceSchema());
 */
export function fenceSchema(options: PostgresFenceSchemaOptions = {}): string {
  refuseUnknown(options, ['tableName', 'schema']);
  // Sorted by bytes, because a collation of the operating system may change with the system, which breaks the index.
  return `CREATE TABLE IF NOT EXISTS ${quotedFenceTable(options)} (
  lock_name     text COLLATE "C" PRIMARY KEY,
  fencing_token bigint NOT NULL -- the greatest that has claimed the fence
)`;
}

/** The table's name as SQL. Throws a `TypeError` for names that could mean something else. */
export function quotedFenceTable({ tableName = FENCE_TABLE, schema }: PostgresFenceSchemaOptions): string {
  return quotedTable({ tableName, schema });
}
