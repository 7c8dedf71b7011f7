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
import { prepareOn, type SqliteDatabase } from './database.js';
import { isWithoutTable } from './driver-error.js';
import { quotedTable, tableInMain } from './schema.js';

/** The name of the table of fences. */
export interface SqliteFenceSchemaOptions {
  /**
   * The table that contains the fences. ASCII letters, digits and underscores.
   *
   * Default: `'livinglock_fences'`.
   */
  readonly tableName?: string | undefined;
}

/** Options of {@link fence} in SQLite. */
export interface SqliteFenceOptions extends SqliteFenceSchemaOptions {
  /**
   * Whether to create the table if it is missing, in the caller's transaction. With `false` it must exist, see {@link fenceSchema}.
   *
   * Default: `true`.
   */
  readonly createTable?: boolean | undefined;
}

/**
 * Claims the fence of a lock in the caller's own transaction, and refuses a holder that comes too late: one that was paused, and taken over.
 * Until the transaction ends nobody else can write to the database, so no late write can come between the claim and the commit.
 *
 * Call it first in each transaction, before anything is read, and begin the transaction with `BEGIN IMMEDIATE`. Needs SQLite 3.35 (2021).
 *
 * Throws `ErrFenced` if a later holder has claimed the fence: let the error roll the transaction back. Throws an
 * `ErrLockStore` outside of a transaction (`ERR_FENCE_WITHOUT_TRANSACTION`) and without the table (`SQLITE_ERROR`); the errors of the
 * driver, unchanged; a `TypeError` for a lock without a fencing token.
 *
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { fence } from 'livinglock/sqlite';
 *
 * const database = new DatabaseSync('/var/lib/shop/shop.db');
 * database.exec('BEGIN IMMEDIATE');
 * fence(database, lock);
 * database.exec("UPDATE payouts SET state = 'paid' WHERE state = 'due'");
 * database.exec('COMMIT');
 */
export function fence(database: SqliteDatabase, lock: FencedLock, options: SqliteFenceOptions = {}): void {
  refuseUnknown(options, ['tableName', 'createTable']);
  const { tableName = FENCE_TABLE, createTable = true } = options;
  const table = tableInMain(tableName);
  const sql = claim(table);
  checkFencedLock(lock, database);
  const schema = boolean('createTable', createTable) ? fenceSchema({ tableName }) : null;
  if (!isInTransaction(database)) throw outsideTransaction(lock);
  const send = () => {
    const [row] = prepareOn(database, sql).all(lock.name, lock.fencingToken);
    refuseLate(lock, fieldOf(row, 'newest'));
  };
  try {
    send();
  } catch (error) {
    if (!isWithoutTable(error, table)) throw error;
    if (schema === null) throw cannotClaim(lock, 'SQLITE_ERROR', REMEDY, error);
    database.exec(schema);
    send();
  }
}

const REMEDY = 'Create the table from `fenceSchema()`, or leave out `createTable: false`.';

/**
 * The statement that creates the table of {@link fence}, for projects whose migrations own the schema. It does nothing if the table exists.
 *
 * @example
 * import { DatabaseSync } from 'node:sqlite';
 * import { fenceSchema } from 'livinglock/sqlite';
 *
 * const database = new DatabaseSync('/var/lib/shop/shop.db');
 * database.exec(fenceSchema());
 */
export function fenceSchema(options: SqliteFenceSchemaOptions = {}): string {
  refuseUnknown(options, ['tableName']);
  const { tableName = FENCE_TABLE } = options;
  return `CREATE TABLE IF NOT EXISTS ${quotedTable(tableName)} (
  lock_name     TEXT PRIMARY KEY NOT NULL,
  fencing_token INTEGER NOT NULL -- the greatest that has claimed the fence
)`;
}

/** As text, because some connections return integers as bigints. */
function claim(table: string): string {
  return `INSERT INTO ${table} (lock_name, fencing_token) VALUES (?, CAST(? AS INTEGER))
    ON CONFLICT (lock_name) DO UPDATE SET fencing_token = max(fencing_token, excluded.fencing_token)
    RETURNING CAST(fencing_token AS TEXT) AS newest`;
}

/** Drivers that do not tell (`node:sqlite` below Node 22.16) are asked for another transaction, which SQLite refuses within one. */
function isInTransaction(database: SqliteDatabase): boolean {
  const isKnown = database.isTransaction ?? database.inTransaction;
  if (isKnown !== undefined) return isKnown;
  try {
    database.exec('BEGIN');
  } catch {
    return true;
  }
  database.exec('ROLLBACK');
  return false;
}
