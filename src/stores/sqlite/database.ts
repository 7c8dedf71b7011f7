import { statSync } from 'node:fs';
import { attempt } from '../../system/attempt.js';
import { messageOf } from '../../system/message-of.js';
import { fieldOf } from '../shared/field.js';
import { type SecondName, secondNameOf } from './second-name.js';

/**
 * A connection to an SQLite database, as far as a store needs it: `DatabaseSync` of `node:sqlite` and of
 * `@photostructure/sqlite`, and the `Database` of `better-sqlite3`.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
  /** Whether a transaction is open, in `node:sqlite`. */
  readonly isTransaction?: boolean | undefined;
  /** The same, in `better-sqlite3`. */
  readonly inTransaction?: boolean | undefined;
}

/** A prepared statement. */
export interface SqliteStatement {
  /** `unknown`, and not what is passed: below TypeScript 6, the types of `better-sqlite3` fit nothing narrower. */
  all(...parameters: unknown[]): unknown[];
  /** Whether it returns rows, in `better-sqlite3`, where the others have no `all`. */
  readonly reader?: boolean | undefined;
  /** Whether a row is an array, in `node:sqlite`. */
  setReturnArrays?(enabled: boolean): void;
}

/** Prepares a statement whose rows are objects, even if those of the connection are arrays. */
export function prepareOn(database: SqliteDatabase, sql: string): SqliteStatement {
  const statement = database.prepare(sql);
  statement.setReturnArrays?.(false);
  return statement;
}

/**
 * What became of a file since it was opened. `missing`: it was removed, or moved away, and may come back with all its locks. `replaced`: its
 * path names another file, as after a backup was restored, so that others have another database.
 */
export type FileState = 'unchanged' | 'missing' | 'replaced';

/** What a connection has opened, until it is closed. `node:sqlite` can open it again. */
interface Opened {
  /** `null` for a database in memory. */
  readonly file: OpenedFile | null;
  /** Is finalized when the connection is closed. Weak, because in `node:sqlite` it keeps its connection from being collected. */
  statement: WeakRef<SqliteStatement>;
}

/** A path, and the file that it named. */
interface OpenedFile {
  readonly path: string;
  readonly identity: Identity;
  readonly secondName: SecondName | null;
}

/** The file system and the number in it. `null`: there is no file. `undefined`: the system does not say. */
type Identity = string | null | undefined;

/** As a store first found it, because the connection keeps that file. Several stores may share a connection. */
const OPENED = new WeakMap<SqliteDatabase, Opened>();

/** The statement that tells which file a connection has opened. */
export const FILES = 'PRAGMA database_list';

/**
 * Remembers which file a connection has opened. As soon as possible: it may be hours until the first lock is acquired. Returns a statement to be kept
 * for as long as the connection is used: it tells whether that was closed meanwhile.
 */
export function rememberFile(database: SqliteDatabase): SqliteStatement | null {
  // It may be closed, or not open yet. Whatever uses it says so.
  return attempt(() => {
    const opened = openedBy(database);
    const statement = opened.statement.deref() ?? prepareOn(database, FILES);
    opened.statement = new WeakRef(statement);
    return statement;
  }, null);
}

/** Forgets it if the connection was closed since. Whether it was. */
export function forgetClosed(database: SqliteDatabase): boolean {
  try {
    OPENED.get(database)?.statement.deref()?.all();
    return false;
  } catch (error) {
    return isFinalized(error) && OPENED.delete(database);
  }
}

/** The connection was closed since the statement was prepared. It did nothing. */
export function isFinalized(error: unknown): boolean {
  return /^statement has been finalized/i.test(messageOf(error));
}

/** The file that a connection has opened; `null` if the database exists only in the memory of this process. */
export function pathOf(database: SqliteDatabase): string | null {
  return fileOf(database)?.path ?? null;
}

/** The second name that the file had when it was opened: asking each time would cost as much as a heartbeat. */
export function secondNameAtOpening(database: SqliteDatabase): SecondName | null {
  return fileOf(database)?.secondName ?? null;
}

/** SQLite looks at the same before it writes, but not in WAL mode (`fileHasMoved` in its os_unix.c). */
export function fileStateOf(database: SqliteDatabase): FileState {
  const state = stateOf(fileOf(database));
  return state !== 'unchanged' && forgetClosed(database) ? stateOf(fileOf(database)) : state;
}

function stateOf(file: OpenedFile | null): FileState {
  // Not every file system of SQLite has files in this sense, and on Windows nobody can replace one that is open.
  if (!file?.identity || process.platform === 'win32') return 'unchanged';
  const identity = identityAt(file.path);
  if (identity === null) return 'missing';
  return identity === undefined || identity === file.identity ? 'unchanged' : 'replaced';
}

/** Whether the connection is told to refuse changes. */
export function isQueryOnly(database: SqliteDatabase): boolean {
  const [row] = attempt(() => prepareOn(database, 'PRAGMA query_only').all(), []);
  return Number(fieldOf(row, 'query_only')) === 1;
}

/**
 * Whether a statement that writes is unfinished, such as an iterated `UPDATE … RETURNING`. No transaction seems open then, but what others write
 * through the connection is committed or undone with that statement. SQLite refuses a new savepoint just then (`OP_Savepoint` in its vdbe.c).
 */
export function isInWritingStatement(
  database: SqliteDatabase,
  prepare: (sql: string) => SqliteStatement,
): boolean {
  try {
    for (const sql of ['SAVEPOINT livinglock', 'RELEASE livinglock']) {
      // Not always by `exec`, which would make a heartbeat 10 % slower.
      const statement = prepare(sql);
      if (statement.reader === false) database.exec(sql);
      else statement.all();
    }
    return false;
  } catch (error) {
    const message = messageOf(error);
    if (/SQL statements in progress/.test(message)) return true;
    // By an authorizer of the user.
    if (/not authorized/.test(message)) return false;
    throw error;
  }
}

function fileOf(database: SqliteDatabase): OpenedFile | null {
  return openedBy(database).file;
}

function openedBy(database: SqliteDatabase): Opened {
  let opened = OPENED.get(database);
  if (opened === undefined) {
    const statement = prepareOn(database, FILES);
    const main = statement.all().find((row) => fieldOf(row, 'name') === 'main');
    const path = fieldOf(main, 'file');
    const file = typeof path === 'string' && path !== '' ? opening(path) : null;
    opened = { file, statement: new WeakRef(statement) };
    OPENED.set(database, opened);
  }
  return opened;
}

function opening(path: string): OpenedFile {
  return { path, identity: identityAt(path), secondName: secondNameOf(path) };
}

function identityAt(path: string): Identity {
  const status = attempt(() => statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null, undefined);
  return status && identityOf(status);
}

/** Another file system may have a file with the same inode number. */
export function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
