import { boolean, refuseUnknown } from '../../core/options/validate.js';
import {
  checkFencedLock,
  FENCE_TABLE,
  type FencedLock,
  outsideTransaction,
  refuseLate,
  withoutTable,
} from '../shared/fence.js';
import { fieldOf } from '../shared/field.js';
import { type PostgresConnection, rowsOf } from './connection.js';
import { isCreatedMeanwhile, isOutsideTransaction, isWithoutTable } from './driver-error.js';
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

/** Options of {@link fence} in PostgreSQL. */
export interface PostgresFenceOptions extends PostgresFenceSchemaOptions {
  /**
   * Whether to create the table if it is missing, in the caller's transaction. With `false` it must exist, see {@link fenceSchema}, and a round
   * trip is saved.
   *
   * Default: `true`.
   */
  readonly createTable?: boolean | undefined;
}

/**
 * Claims the fence of a lock in the caller's own transaction, and refuses a holder that comes too late: one that was paused, and taken over.
 * Until the transaction ends nobody else can claim the fence, so no late write can come between the claim and the commit.
 *
 * Call it first in each transaction, before anything is read. The connection is what the transaction runs on: a `Client` or `PoolClient` of
 * `pg`, not a `Pool`; the `tx` of a PGlite.
 *
 * Rejects with {@link ErrFenced} if a later holder has claimed the fence: let the error roll the transaction back. With
 * {@link ErrLockStore} outside of a transaction (`ERR_FENCE_WITHOUT_TRANSACTION`) and without the table (`42P01`). With the errors of the
 * driver, unchanged: in `REPEATABLE READ` and `SERIALIZABLE`, `40001` if another transaction claimed the fence in the meantime: retry the
 * transaction. With a `TypeError` for a lock without a fencing token.
 *
 * @example
 * import { fence } from 'livinglock/postgres';
 *
 * await client.query('BEGIN');
 * await fence(client, lock);
 * await client.query("UPDATE payouts SET state = 'paid' WHERE state = 'due'");
 * await client.query('COMMIT');
 */
export async function fence(
  connection: PostgresConnection,
  lock: FencedLock,
  options: PostgresFenceOptions = {},
): Promise<void> {
  refuseUnknown(options, ['tableName', 'schema', 'createTable']);
  const { tableName, schema, createTable = true } = options;
  const table = quotedFenceTable({ tableName, schema });
  checkFencedLock(lock);
  if (boolean('createTable', createTable)) {
    await createIfMissing(connection, lock, table, fenceSchema({ tableName, schema }));
  }
  await refuseOutsideTransaction(connection, lock, table);
  const values = [lock.name, String(lock.fencingToken)];
  const [row] = rowsOf(await connection.query(claim(table), values));
  refuseLate(lock, fieldOf(row, 'newest'));
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

function quotedFenceTable({ tableName = FENCE_TABLE, schema }: PostgresFenceSchemaOptions): string {
  return quotedTable({ tableName, schema });
}

/**
 * Locks the row even if nothing changes. The token that it returns is the newest: at `READ COMMITTED` the update continues to the current row, and at
 * the stricter levels it fails if that is not the row of the snapshot.
 */
function claim(table: string): string {
  return `INSERT INTO ${table} AS fence (lock_name, fencing_token) VALUES ($1::text, $2::text::bigint)
    ON CONFLICT (lock_name) DO UPDATE SET fencing_token = greatest(fence.fencing_token, excluded.fencing_token)
    RETURNING fencing_token::text AS newest`;
}

/** Takes the lock that the claim takes anyway. Only `LOCK TABLE` and its like tell for certain: the server refuses them outside of a transaction. */
async function refuseOutsideTransaction(
  connection: PostgresConnection,
  lock: FencedLock,
  table: string,
): Promise<void> {
  try {
    await connection.query(`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`);
  } catch (error) {
    if (isOutsideTransaction(error)) throw outsideTransaction(lock, error);
    if (!isWithoutTable(error, table)) throw error;
    throw withoutTable(
      lock,
      '42P01',
      'Create the table from `fenceSchema()`, or leave out `createTable: false`.',
      error,
    );
  }
}

/** Asks first: `IF NOT EXISTS` needs the right to create tables even if there is nothing to do. */
async function createIfMissing(
  connection: PostgresConnection,
  lock: FencedLock,
  table: string,
  ddl: string,
): Promise<void> {
  const [row] = rowsOf(await connection.query('SELECT to_regclass($1::text)::text AS found', [table]));
  if (fieldOf(row, 'found') !== null) return;
  // Within the savepoint a failure does not end the caller's transaction.
  await connection.query('SAVEPOINT livinglock_fence').catch((error: unknown) => {
    throw isOutsideTransaction(error) ? outsideTransaction(lock, error) : error;
  });
  try {
    await connection.query(ddl);
  } catch (error) {
    await connection.query('ROLLBACK TO SAVEPOINT livinglock_fence');
    if (!isCreatedMeanwhile(error)) throw error;
  }
  await connection.query('RELEASE SAVEPOINT livinglock_fence');
}
