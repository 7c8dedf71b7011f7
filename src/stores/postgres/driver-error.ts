import { ErrLockStore } from '../../core/errors.js';
import { messageOf } from '../../system/message-of.js';

// PostgreSQL identifies an error by five characters (https://www.postgresql.org/docs/current/errcodes-appendix.html), Node by a
// name such as ECONNREFUSED, and `pg` reports connection errors only in words.

/** Two transactions conflicted, and this one had to give way. Nothing was changed: try again. */
export function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(systemCode(error));
}

/** The connection is in a transaction in which something has already failed. */
export function isInTransaction(error: unknown): boolean {
  return systemCode(error) === '25P02';
}

/** The connection broke, or the server is shutting down or starting up. Whether the statement was carried out is unknown. */
export function isConnectionLost(error: unknown): boolean {
  return /^(?:08006|08P01|57P0[123]|ECONNRESET|EPIPE)$/.test(systemCode(error));
}

/** The table does not exist, so nobody holds the lock. */
export function isWithoutTable(error: unknown): boolean {
  return systemCode(error) === '42P01';
}

/** Somebody else created the table at the same moment, which `IF NOT EXISTS` does not notice in time. */
export function isCreatedMeanwhile(error: unknown): boolean {
  return ['23505', '42P07', '42710'].includes(systemCode(error));
}

/** Puts what was attempted in front of a driver's error, and what to do after it. */
export function storeError(lock: string, attempted: string, error: unknown): ErrLockStore {
  const code = systemCode(error);
  const reason = reasonOf(error).replace(/\.$/, '');
  return ErrLockStore.of(lock, attempted, { code, reason, remedy: remedyFor(code, reason), cause: error });
}

/** What `pg` says only in words, and the code that it means. */
const WORDS: readonly (readonly [words: RegExp, code: string])[] = [
  [/^Connection terminated/, '08006'],
  [/not queryable/, '08003'],
  [/^timeout exceeded when trying to connect|timeout expired/, '08001'],
  [/^Query read timeout/, 'ETIMEDOUT'],
  [/password must be a string/, '28P01'],
  [/after calling end on the pool|is closed/, '08003'],
];

function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return 'XX000';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return WORDS.find(([words]) => words.test(error.message))?.[1] ?? 'XX000';
}

/** If a host has several addresses and none of them answers, each has its own message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join(', ');
  return messageOf(error);
}

const OTHER_SHAPE =
  'The table differs from what `postgresSchema()` creates: choose another one with the option `tableName`, or change it.';
const NO_SERVER = 'Check that the server is running and that its address is right.';
const LOGIN = 'Check the user and the password, and what `pg_hba.conf` of the server allows.';
const CALL_AGAIN = 'Nothing was changed; call again.';

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['08001', NO_SERVER],
  [
    '08003',
    'A closed connection does not reopen: give the store a `Pool`, and end it after the last release.',
  ],
  ['3D000', 'Create the database, or choose another one.'],
  ['3F000', 'Create the schema, or choose another one with the option `schema`.'],
  ['25006', 'Connect to the primary server: this one, or this connection, is read-only.'],
  ['28000', LOGIN],
  ['28P01', LOGIN],
  ['40001', `Transactions that hold the row of the lock block this one: shorten them. ${CALL_AGAIN}`],
  ['40P01', `Transactions that lock the table block this one: shorten them. ${CALL_AGAIN}`],
  [
    '42501',
    'Have somebody with the right to do so create the table from `postgresSchema()`, and grant this user SELECT, INSERT and UPDATE on it, and USAGE on its schema.',
  ],
  ['42P01', 'Create the table from `postgresSchema()`, or leave out `createTable: false`.'],
  [
    '53300',
    'Raise `max_connections` of the server, or lower what its clients take, such as `max` of a `Pool`.',
  ],
  ['55P03', `Something locks the table or its row for longer than \`lock_timeout\`. ${CALL_AGAIN}`],
  ['57014', 'It was cancelled, or took longer than `statement_timeout`. Call again.'],
  ['57P01', 'The server was shut down, or the connection ended by hand. Call again.'],
  ['57P03', 'Wait until the server has started.'],
  ['ECONNREFUSED', NO_SERVER],
  ['ENOENT', NO_SERVER],
  ['ENOTFOUND', NO_SERVER],
  ['ETIMEDOUT', NO_SERVER],
]);

/** The errors of columns, constraints and views that differ from `postgresSchema()`. */
const SHAPE = /^(?:23...|42703|42804|42809|42883|42P10|428C9|22P02|55000)$/;

function remedyFor(code: string, message: string): string {
  if (SHAPE.test(code)) return OTHER_SHAPE;
  // Without encryption, a server that requires it finds no matching `pg_hba.conf` entry.
  if (code === '28000' && /no encryption|SSL off/.test(message))
    return `Set \`ssl\` for the connection. ${LOGIN}`;
  return REMEDIES.get(code) ?? '';
}
