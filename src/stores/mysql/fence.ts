import { refuseUnknown } from '../../core/options/validate.js';
import {
  cannotClaim,
  checkFencedLock,
  FENCE_TABLE,
  type FencedLock,
  outsideTransaction,
  refuseLate,
} from '../shared/fence.js';
import { fieldOf } from '../shared/field.js';
import { checkedIdentifier } from '../shared/sql-identifier.js';

/**
 * A connection to MySQL or MariaDB, as far as a fence needs it: `Connection` and `PoolConnection` of `mysql2/promise` and of `mariadb`.
 * `query` resolves to the rows, or to an array that begins with them.
 */
export interface MysqlConnection {
  query(sql: string, values?: (string | number)[]): Promise<unknown>;
}

/** The name of the table of fences. */
export interface MysqlFenceOptions {
  /**
   * The table that contains the fences. ASCII letters, digits and underscores.
   *
   * Default: `'livinglock_fences'`.
   */
  readonly tableName?: string | undefined;
}

/**
 * Claims the fence of a lock in the caller's own transaction, and refuses a holder that comes too late: one that was paused, and taken over.
 * Until the transaction ends nobody else can claim the fence, so no late write can come between the claim and the commit.
 *
 * Call it first in each transaction, before anything is read, on the connection that the transaction runs on. Create the table
 * beforehand with {@link fenceSchema}: creating it in the transaction would commit the transaction.
 *
 * Rejects with `ErrFenced` if a later holder has claimed the fence: let the error roll the transaction back. With
 * `ErrLockStore` outside of a transaction (`ERR_FENCE_WITHOUT_TRANSACTION`) and without the table (`ER_NO_SUCH_TABLE`). With the
 * errors of the driver, unchanged. With a `TypeError` for a lock without a fencing token.
 *
 * @example
 * import { fence } from 'livinglock/mysql';
 * import mysql from 'mysql2/promise';
 *
 * const connection = await mysql.createConnection('mysql://batch@db.internal/shop');
 * await connection.beginTransaction();
 * await fence(connection, lock);
 * await connection.query("UPDATE payouts SET state = 'paid' WHERE state = 'due'");
 * await connection.commit();
 */
export async function fence(
  connection: MysqlConnection,
  lock: FencedLock,
  options: MysqlFenceOptions = {},
): Promise<void> {
  refuseUnknown(options, ['tableName']);
  const table = quotedFenceTable(options.tableName);
  checkFencedLock(lock, connection);
  const { name, fencingToken } = lock;
  // The server would store a text as the bytes of the connection's character set.
  const hex = Buffer.from(name).toString('hex');
  // Outside of a transaction it ends with its statement, and cannot be released.
  await connection.query('SAVEPOINT livinglock_fence');
  try {
    await connection.query(
      `INSERT INTO ${table} (lock_name, fencing_token) VALUES (UNHEX(?), ?)
      ON DUPLICATE KEY UPDATE fencing_token = GREATEST(fencing_token, ?)`,
      [hex, fencingToken, fencingToken],
    );
    const answer = await connection.query(
      `SELECT CAST(fencing_token AS CHAR) AS newest FROM ${table} WHERE lock_name = UNHEX(?) FOR UPDATE`,
      [hex],
    );
    await connection.query('RELEASE SAVEPOINT livinglock_fence');
    refuseLate(lock, newestIn(answer));
  } catch (error) {
    const number = fieldOf(error, 'errno');
    if (number === NO_SAVEPOINT) throw outsideTransaction(lock, error);
    if (number !== NO_TABLE) throw error;
    throw cannotClaim(lock, 'ER_NO_SUCH_TABLE', 'Create the table from `fenceSchema()`.', error);
  }
}

/**
 * The statement that creates the table of {@link fence}. It does nothing if the table exists. Run it beforehand, for example in a migration: it ends
 * any transaction that it runs in.
 *
 * @example
 * import { fenceSchema } from 'livinglock/mysql';
 * import mysql from 'mysql2/promise';
 *
 * const connection = await mysql.createConnection('mysql://batch@db.internal/shop');
 * await connection.query(fenceSchema());
 */
export function fenceSchema(options: MysqlFenceOptions = {}): string {
  refuseUnknown(options, ['tableName']);
  // Bytes: with a collation, names that differ in case or in spaces at the end would be one.
  return `CREATE TABLE IF NOT EXISTS ${quotedFenceTable(options.tableName)} (
  lock_name     VARBINARY(255) NOT NULL PRIMARY KEY,
  fencing_token BIGINT NOT NULL -- the greatest that has claimed the fence
) ENGINE = InnoDB`;
}

function quotedFenceTable(tableName: string = FENCE_TABLE): string {
  return `\`${checkedIdentifier('tableName', tableName)}\``;
}

/** mysql2 resolves to the rows and their fields, mariadb to the rows. The options of the connection decide what a row is. */
function newestIn(answer: unknown): unknown {
  // Of a row, too, with `rowsAsArray`.
  if (Array.isArray(answer)) return newestIn(answer[0]);
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return answer;
  const [[name, value] = ['', undefined]] = Object.entries(answer);
  // With `nestTables` it is in a table without a name, or follows that name and a separator.
  if (name === '') return newestIn(value);
  return name.endsWith('newest') ? value : undefined;
}

/** ER_SP_DOES_NOT_EXIST */
const NO_SAVEPOINT = 1305;
/** ER_NO_SUCH_TABLE */
const NO_TABLE = 1146;
