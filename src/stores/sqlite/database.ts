import { statSync } from 'node:fs';
import { attempt } from '../../system/attempt.js';
import { fieldOf } from '../shared/field.js';

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

/** A path, and the file that it named. */
interface Opened {
  readonly path: string;
  readonly identity: Identity;
}

/** The file system and the number in it. `null`: there is no file. `undefined`: the system does not say. */
type Identity = string | null | undefined;

/** As a store first found it, because the connection keeps that file. `null` for a database in memory. Several stores may share a connection. */
const OPENED = new WeakMap<SqliteDatabase, Opened | null>();

/** Remembers which file a connection has opened. As soon as possible: it may be hours until the first lock is acquired. */
export function rememberFile(database: SqliteDatabase): void {
  // It may be closed, or not open yet. Whatever uses it says so.
  attempt(() => openedBy(database), null);
}

/** The file that a connection has opened; `null` if the database exists only in the memory of this process. */
export function pathOf(database: SqliteDatabase): string | null {
  return openedBy(database)?.path ?? null;
}

/** SQLite looks at the same before it writes, but not in WAL mode (`fileHasMoved` in its os_unix.c). */
export function fileStateOf(database: SqliteDatabase): FileState {
  const opened = openedBy(database);
  // Not every file system of SQLite has files in this sense, and on Windows nobody can replace one that is open.
  if (!opened?.identity || process.platform === 'win32') return 'unchanged';
  const identity = identityAt(opened.path);
  if (identity === null) return 'missing';
  return identity === undefined || identity === opened.identity ? 'unchanged' : 'replaced';
}

/** Whether the connection is told to refuse changes. */
export function isQueryOnly(database: SqliteDatabase): boolean {
  const [row] = attempt(() => prepareOn(database, 'PRAGMA query_only').all(), []);
  return Number(fieldOf(row, 'query_only')) === 1;
}

function openedBy(database: SqliteDatabase): Opened | null {
  let opened = OPENED.get(database);
  if (opened === undefined) {
    const databases = prepareOn(database, 'PRAGMA database_list').all();
    const main = databases.find((row) => fieldOf(row, 'name') === 'main');
    const path = fieldOf(main, 'file');
    opened = typeof path === 'string' && path !== '' ? { path, identity: identityAt(path) } : null;
    OPENED.set(database, opened);
  }
  return opened;
}

function identityAt(path: string): Identity {
  const status = attempt(() => statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null, undefined);
  return status && identityOf(status);
}

/** Another file system may have a file with the same inode number. */
export function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
