import { ErrLockStore } from '../../core/errors.js';
import { isError } from '../../system/is-error.js';
import { messageOf } from '../../system/message-of.js';
import { fileStateOf, isQueryOnly, pathOf, type SqliteDatabase } from './database.js';
import type { SecondName } from './second-name.js';

// node:sqlite and its twin identify an error by number, better-sqlite3 by name, and a few calls of either only by words.

/** Somebody else is writing to the database, or is blocking it: try again. */
export function isBusy(error: unknown): boolean {
  return ['SQLITE_BUSY', 'SQLITE_LOCKED'].includes(systemCode(error));
}

/** The table does not exist, so nobody holds the lock. If it is another one that is missing, which a trigger needs, somebody may. */
export function isWithoutTable(error: unknown, table: string): boolean {
  return messageOf(error) === `no such table: ${table.replaceAll('"', '')}`;
}

/** Puts what was attempted in front of a driver's error, and what to do after it. */
export function storeError(
  lock: string,
  attempted: string,
  error: unknown,
  database: SqliteDatabase,
): ErrLockStore {
  const code = systemCode(error);
  const isRefused = code === 'SQLITE_READONLY';
  // Not every driver tells why.
  if (code === MOVED || (isRefused && fileStateOf(database) !== 'unchanged'))
    return movedError(lock, attempted, database, error);
  const reason = messageOf(error);
  const remedy = isRefused && isQueryOnly(database) ? QUERY_ONLY : remedyFor(code, reason);
  return ErrLockStore.of(lock, attempted, { code, reason, remedy, cause: error, isInDoubt: !isBusy(error) });
}

/** The connection has a file that others do not find any more. Nothing was changed. */
export function movedError(
  lock: string,
  attempted: string,
  database: SqliteDatabase,
  cause?: unknown,
): ErrLockStore {
  return ErrLockStore.of(lock, attempted, {
    code: MOVED,
    reason: `${pathOf(database)} was removed or replaced while the database was open`,
    remedy: fileStateOf(database) === 'missing' ? `${REOPEN} ${PUT_BACK}` : REOPEN,
    cause,
    isInDoubt: false,
  });
}

/** Others may have the same file open, and see other locks in it. */
export function secondNameError(
  lock: string,
  attempted: string,
  database: SqliteDatabase,
  { reason, remedy }: SecondName,
): ErrLockStore {
  return ErrLockStore.of(lock, attempted, {
    code: 'ERR_LOCK_SECOND_NAME',
    reason: `${pathOf(database)} ${reason}`,
    remedy,
    isInDoubt: false,
  });
}

/** A rollback of what the user has begun on the connection would undo the change as well. */
export function transactionError(
  lock: string,
  attempted: string,
  begun: 'transaction' | 'writing statement',
): ErrLockStore {
  return new ErrLockStore(
    lock,
    'ERR_LOCK_IN_TRANSACTION',
    `Cannot ${attempted} ${lock} in the middle of a ${begun}, because a rollback would undo it. ` +
      `Give the store a connection of its own, or end the ${begun} first.`,
    { isInDoubt: false },
  );
}

/** The only extended code that needs advice of its own, and its number. */
const MOVED = 'SQLITE_READONLY_DBMOVED';
const MOVED_NUMBER = 1032;

const REOPEN = 'Open the database with a new connection.';
const PUT_BACK = 'To keep its locks, put the file back first.';
const QUERY_ONLY = '`PRAGMA query_only` is on: switch it off, or give the store a connection of its own.';

/** By the lowest byte of a code, with the text of `sqlite3_errstr`; https://www.sqlite.org/rescode.html. */
const CODES: readonly (readonly [code: number, name: string, words: string])[] = [
  [3, 'SQLITE_PERM', 'access permission denied'],
  [5, 'SQLITE_BUSY', 'database is locked'],
  [6, 'SQLITE_LOCKED', 'database table is locked'],
  [7, 'SQLITE_NOMEM', 'out of memory'],
  [8, 'SQLITE_READONLY', 'attempt to write a readonly database'],
  [9, 'SQLITE_INTERRUPT', 'interrupted'],
  [10, 'SQLITE_IOERR', 'disk I/O error'],
  [11, 'SQLITE_CORRUPT', 'database disk image is malformed'],
  [13, 'SQLITE_FULL', 'database or disk is full'],
  [14, 'SQLITE_CANTOPEN', 'unable to open database file'],
  [15, 'SQLITE_PROTOCOL', 'locking protocol'],
  [19, 'SQLITE_CONSTRAINT', 'constraint failed'],
  [23, 'SQLITE_AUTH', 'authorization denied'],
  [26, 'SQLITE_NOTADB', 'file is not a database'],
];

const PRIMARY_NAME = /^SQLITE_[A-Z]+/;

function systemCode(error: unknown): string {
  if (!isError(error)) return 'SQLITE_ERROR';
  const number = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'ERR_SQLITE_ERROR';
  if (number === MOVED_NUMBER || code === MOVED) return MOVED;
  const [name] =
    PRIMARY_NAME.exec(code) ??
    CODES.filter(([known, , words]) =>
      number === null ? error.message.startsWith(words) : (number & 0xff) === known,
    ).map(([, known]) => known);
  return name ?? (code === 'ERR_SQLITE_ERROR' ? 'SQLITE_ERROR' : code);
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    'SQLITE_BUSY',
    'Other connections write to the database for too long, or read it while this one has to write: shorten their transactions. ' +
      'Nothing was changed; call again.',
  ],
  ['SQLITE_LOCKED', 'Finish whatever else this connection is doing. Nothing was changed; call again.'],
  [
    'SQLITE_READONLY',
    'Open the database for writing, and give this user the right to write to its file and folder.',
  ],
  ['SQLITE_CANTOPEN', 'Check that the folder of the database exists and that this user may write to it.'],
  ['SQLITE_FULL', "Free up space on the database's file system."],
  ['SQLITE_IOERR', 'Check that the disk is healthy, and try again.'],
  ['SQLITE_CORRUPT', 'The database is damaged: run `PRAGMA integrity_check`, and restore it from a backup.'],
  ['SQLITE_NOTADB', 'Give the path of an SQLite database.'],
  ['ERR_INVALID_STATE', 'Keep the database open until the lock is released.'],
]);

const CREATE_TABLE =
  'Create the table from `livinglock schema sqlite`, or in a program leave out `createTable: false`';
const OTHER_SHAPE =
  'The table differs from what `livinglock schema sqlite` prints. Change it, or choose another database or, in a program, another `tableName`';

function remedyFor(code: string, message: string): string {
  if (message.startsWith('no such table: '))
    return `${CREATE_TABLE}. If it is another table, a trigger needs it.`;
  if (
    /no such column|has no column|ON CONFLICT clause|constraint failed|may not be|cannot modify/.test(message)
  ) {
    return `${OTHER_SHAPE}.`;
  }
  if (/not open|is closed/.test(message)) return REMEDIES.get('ERR_INVALID_STATE') ?? '';
  return REMEDIES.get(code) ?? '';
}
