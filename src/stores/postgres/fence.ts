import { boolean, refuseUnknown } from '../../core/options/validate.js';
import {
  cannotClaim,
  checkFencedLock,
  FENCE_TABLE,
  type FencedLock,
  outsideTransaction,
  refuseLate,
} from '../shared/fence.js';
import { fieldOf } from '../shared/field.js';
import { type PostgresConnection, rowsOf } from './connection.js';
import {
  hiddenByTemporary,
  isForbidden,
  isHiddenByTemporary,
  isOutsideTransaction,
  isWithoutTable,
  ROW_SECURITY,
} from './driver-error.js';
import { isTemporary, quotedTable } from './schema.js';
import { identify } from './wrapped-errors.js';

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
 * `pg`, not a `Pool`; the `tx` of a PGlite; the `manager` of TypeORM; or what another driver has, see `docs/adapters.md`.
 *
 * Rejects with `ErrFenced` if a later holder has claimed the fence: let the error roll the transaction back. With
 * `ErrLockStore` outside of a transaction (`ERR_FENCE_WITHOUT_TRANSACTION`), without the table (`42P01`), with a temporary table in its
 * place (`42P16`) and without the rights to it (`42501`). With all other errors of the driver, unchanged: in `REPEATABLE READ` and
 * `SERIALIZABLE`, `40001` if another transaction claimed the fence in the meantime: retry the transaction. With a `TypeError` for a lock without a
 * fencing token.
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
  checkFencedLock(lock, connection);
  const ddl = boolean('createTable', createTable) ? fenceSchema({ tableName, schema }) : null;
  try {
    if (ddl !== null) await createIfMissing(connection, table, ddl);
    // Takes the lock that the claim takes anyway. Only `LOCK TABLE` and its like tell for certain: the server refuses them outside of a transaction.
    await connection.query(`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE`);
    const values = [lock.name, String(lock.fencingToken)];
    const [row] = rowsOf(await connection.query(claim(table), values));
    if (fieldOf(row, 'temporary') === 'true') throw hiddenByTemporary(table);
    refuseLate(lock, fieldOf(row, 'newest'));
  } catch (error) {
    throw explained(error, lock, table);
  }
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

// As in the statements of the store, each name has its schema.

/**
 * Locks the row even if nothing changes. The token that it returns is the newest: at `READ COMMITTED` the update continues to the current row, and at
 * the stricter levels it fails if that is not the row of the snapshot.
 */
function claim(table: string): string {
  return `INSERT INTO ${table} AS fence (lock_name, fencing_token) VALUES ($1::pg_catalog.text, $2::pg_catalog.text::bigint)
    ON CONFLICT (lock_name) DO UPDATE SET fencing_token = greatest(fence.fencing_token, excluded.fencing_token)
    RETURNING fencing_token::pg_catalog.text AS newest, (${isTemporary(table)})::pg_catalog.text AS temporary`;
}

const FIND = 'SELECT pg_catalog.to_regclass($1::pg_catalog.text)::pg_catalog.text AS found';

/** Asks first: `IF NOT EXISTS` needs the right to create tables even if there is nothing to do. */
async function createIfMissing(connection: PostgresConnection, table: string, ddl: string): Promise<void> {
  const [row] = rowsOf(await connection.query(FIND, [table]));
  if (fieldOf(row, 'found') !== null) return;
  // Within the savepoint a failure does not end the caller's transaction. The server refuses it outside of one.
  await connection.query('SAVEPOINT livinglock_fence');
  try {
    await connection.query(unlessCreatedMeanwhile(ddl));
  } catch (error) {
    await connection.query('ROLLBACK TO SAVEPOINT livinglock_fence');
    throw error;
  }
  await connection.query('RELEASE SAVEPOINT livinglock_fence');
}

/**
 * Somebody else may create the table at the same moment, which `IF NOT EXISTS` does not notice in time. The server catches that error, because
 * postgres.js rolls back each transaction in which a statement has failed. Not in dollar quotes: Sequelize makes one dollar of two.
 */
function unlessCreatedMeanwhile(ddl: string): string {
  return `DO 'BEGIN
    ${ddl};
  EXCEPTION WHEN unique_violation OR duplicate_table OR duplicate_object THEN NULL;
  END'`;
}

/** What the user can do something about. All else is passed on unchanged, for the caller's own retries. */
function explained(error: unknown, lock: FencedLock, table: string): unknown {
  if (isOutsideTransaction(error)) return outsideTransaction(lock, error);
  const { code, message } = identify(error);
  if (isWithoutTable(error, table)) return cannotClaim(lock, code, CREATE, error, message);
  if (isForbidden(error)) {
    const remedy = message.includes('row-level security') ? ROW_SECURITY : GRANT;
    return cannotClaim(lock, code, remedy, error, message);
  }
  if (isHiddenByTemporary(error)) return cannotClaim(lock, code, NAME_SCHEMA, error, message);
  return error;
}

const NAME_SCHEMA =
  'It belongs to one connection, and refuses nobody else. Name the schema of the real one with the option `schema`.';
const CREATE = 'Create the table from `fenceSchema()`, or leave out `createTable: false`.';
const GRANT =
  'Somebody with the right to do so must create the table from `fenceSchema()`, and grant this user SELECT, INSERT and UPDATE on it, and USAGE on its schema.';
