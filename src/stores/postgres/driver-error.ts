import { ErrLockStore } from '../../core/errors.js';
import { ifChanged } from '../shared/if-changed.js';
import { NoAnswer } from '../shared/time-limit.js';
import { isUsedUp, type PostgresConnection } from './connection.js';
import { identify, isInFunction, POOL_USED_UP } from './wrapped-errors.js';

/** PostgreSQL's code, or the system's. */
export function codeOf(error: unknown): string {
  return identify(error).code;
}

/** Two transactions conflicted, and this one had to give way. Nothing was changed: try again. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error));
}

/** The connection is in a transaction in which something has already failed. */
export function isInTransaction(error: unknown): boolean {
  return codeOf(error) === '25P02';
}

/** The statement is only allowed within a transaction. */
export function isOutsideTransaction(error: unknown): boolean {
  return codeOf(error) === '25P01';
}

/**
 * The connection broke, or the server is shutting down or starting up. Whether the statement was carried out is unknown. The next connection may
 * be a good one; with postgres.js that is so unless the whole client was ended.
 */
export function isConnectionLost(error: unknown): boolean {
  return /^(?:08006|08P01|57P0[1235]|ECONNRESET|EPIPE|CONNECTION_(?:CLOSED|DESTROYED|ENDED))$/.test(
    codeOf(error),
  );
}

/** The table does not exist, so nobody holds the lock. If it is another one that is missing, which a trigger needs, somebody may. */
export function isWithoutTable(error: unknown, table: string): boolean {
  const { code, message } = identify(error);
  if (code !== '42P01' || isInFunction(error)) return false;
  // The message is in the language of the server, but has the name as it was asked for, with its schema if it had one.
  const name = table.replaceAll('"', '').replace('.', '\\.');
  return new RegExp(`(?<!${IN_NAME})${name}(?!${IN_NAME})`, 'u').test(message);
}

const IN_NAME = String.raw`[\p{L}\p{N}_$.-]`;

const OUT_OF_SIGHT = 'where this connection no longer looks for it';

/** The table is in that schema, but the `search_path` does not lead there any more. */
export function outOfSight(table: string, schema: string): Error {
  return Object.assign(new Error(`the table ${table} is in the schema ${schema}, ${OUT_OF_SIGHT}`), {
    code: '42P01',
  });
}

/** A temporary table has taken the place of the table. */
export function hiddenByTemporary(table: string): Error {
  return Object.assign(new Error(`a temporary table takes the place of ${table}`), { code: '42P16' });
}

export function isHiddenByTemporary(error: unknown): boolean {
  return codeOf(error) === '42P16';
}

/** There may be a row that this user cannot see. */
export function hiddenByRowSecurity(table: string): Error {
  const reason = `no row of ${table} is visible, and row-level security may hide it`;
  return Object.assign(new Error(reason), { code: '42501' });
}

/** The encoding of the database lacks a character of a value. Nothing was changed. */
export function isUnencodable(error: unknown): boolean {
  return codeOf(error) === '22P05';
}

/** The user lacks a right. */
export function isForbidden(error: unknown): boolean {
  return codeOf(error) === '42501';
}

/** Somebody else created the table at the same moment, which `IF NOT EXISTS` does not notice in time. */
export function isCreatedMeanwhile(error: unknown): boolean {
  return ['23505', '42P07', '42710'].includes(codeOf(error));
}

/** Puts what was attempted in front of a driver's error, and what to do after it. */
export function storeError(
  lock: string,
  attempted: string,
  error: unknown,
  connection: PostgresConnection,
): ErrLockStore {
  if (error instanceof NoAnswer) {
    const { code, message: reason } = error;
    const remedy = isUsedUp(connection) ? USED_UP : `${TOO_LATE}${ifChanged(attempted)}`;
    return ErrLockStore.of(lock, attempted, { code, reason, remedy, cause: error });
  }
  const { code, message } = identify(error);
  const reason = message.replace(/\.$/, '');
  if (code !== POOL_USED_UP) {
    const remedy = code === '42P01' && isInFunction(error) ? TRIGGER : remedyFor(code, reason);
    return ErrLockStore.of(lock, attempted, { code, reason, remedy, cause: error });
  }
  // Without a connection, nothing was sent.
  const failure = { code: 'ETIMEDOUT', reason, remedy: USED_UP, cause: error, isInDoubt: false };
  return ErrLockStore.of(lock, attempted, failure);
}

const OTHER_SHAPE =
  'The table differs from what `livinglock schema postgres` prints. Change it, or choose another: `schema` (`?schema=NAME` in an address) or, in a program, `tableName`.';
const TRIGGER = 'A trigger needs that table: create it, or change the trigger.';
export const ROW_SECURITY =
  'Let the policies of the table give this user all rows, or disable row-level security on it.';
const NO_SERVER = 'Check that the server is running and that its address is right.';
const TOO_LATE =
  'Check that the server is running and that its address is right, and that no transaction holds the row of the lock.';
const USED_UP =
  'All connections of the pool are in use: check that the server answers. ' +
  'In a program, the job may hold the only one: raise `max` of the pool, or give the lock a pool of its own.';
const CLOSED =
  'A closed connection does not reopen: give the store a `Pool`, and end it after the last release.';
const LOGIN = "Check the user and the password, and what the server's `pg_hba.conf` allows.";
const TOO_LONG =
  'It was cancelled, or took longer than `statement_timeout` or `transaction_timeout`. Call again.';
const CALL_AGAIN = 'Nothing was changed; call again.';

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['08001', NO_SERVER],
  ['08003', CLOSED],
  ['3D000', 'Create the database, or choose another one.'],
  [
    '3F000',
    'Create the schema, grant this user USAGE on it, or choose another one: `schema` (`?schema=NAME` in an address), or the `search_path`.',
  ],
  [
    '22P05',
    'The database is not in UTF-8, and lacks a character of the name of the lock or of its `owner`: use other characters, or a database in UTF-8.',
  ],
  ['25006', 'Connect to the primary server: this one, or this connection, is read-only.'],
  ['25P04', TOO_LONG],
  ['28000', LOGIN],
  ['28P01', LOGIN],
  ['40001', `Transactions that hold the row of the lock block this one: shorten them. ${CALL_AGAIN}`],
  ['40P01', `Transactions that lock the table block this one: shorten them. ${CALL_AGAIN}`],
  [
    '42501',
    'Somebody with the right to do so must create the table from `livinglock schema postgres`, and grant this user SELECT, INSERT and UPDATE on it, and USAGE on its schema.',
  ],
  [
    '42P01',
    'Create the table from `livinglock schema postgres`, or in a program leave out `createTable: false`. If it is another table, a trigger needs it.',
  ],
  [
    '42P16',
    'It belongs to one connection, and keeps nobody else out. Name the schema of the real one: `schema` (`?schema=NAME` in an address).',
  ],
  [
    '53300',
    'Raise `max_connections` of the server, or the limit of the role, or lower what clients take, such as `max` of a `Pool`.',
  ],
  ['55P03', `Something locks the table or its row for longer than \`lock_timeout\`. ${CALL_AGAIN}`],
  ['57014', TOO_LONG],
  ['57P01', 'The server was shut down, or the connection was terminated. Call again.'],
  ['57P03', 'Wait until the server has started.'],
  ['CONNECT_TIMEOUT', NO_SERVER],
  ['CONNECTION_REFUSED', NO_SERVER],
  ['CONNECTION_DESTROYED', CLOSED],
  ['CONNECTION_ENDED', CLOSED],
  ['ECONNREFUSED', NO_SERVER],
  ['ENOENT', NO_SERVER],
  ['ENOTFOUND', NO_SERVER],
  ['ETIMEDOUT', TOO_LATE],
]);

/** The errors of columns, constraints and views that differ from `postgresSchema()`. */
const SHAPE = /^(?:23...|42703|42804|42809|42846|42883|42P10|428C9|22P02|55000)$/;

function remedyFor(code: string, message: string): string {
  if (SHAPE.test(code)) return OTHER_SHAPE;
  if (message.endsWith(OUT_OF_SIGHT))
    return 'Its `search_path` has changed, maybe by another client of a pooler. Name the schema: `schema` (`?schema=NAME` in an address).';
  if (code === '42501' && message.includes('row-level security')) return ROW_SECURITY;
  // Without encryption, a server that requires it finds no matching `pg_hba.conf` entry.
  if (code === '28000' && /no encryption|SSL off/.test(message))
    return `Set \`ssl\` for the connection (\`?sslmode=verify-full\` in an address). ${LOGIN}`;
  if (/password must be a|empty password returned/.test(message))
    return 'No password was given: set PGPASSWORD, write it to ~/.pgpass, or give it to the connection (postgres://USER:PASSWORD@HOST/DATABASE).';
  if (message.includes('does not support SSL'))
    return 'Enable TLS on the server, or leave out `ssl` (`sslmode` in an address).';
  if (message.includes('unsupported startup parameter'))
    return 'Set it for the role instead, or have PgBouncer ignore it (`ignore_startup_parameters`).';
  return REMEDIES.get(code) ?? '';
}
