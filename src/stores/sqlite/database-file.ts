import { statSync } from 'node:fs';
import { fieldOf } from '../shared/field.js';
import type { SqliteDatabase } from './database.js';

/**
 * What became of a file since it was opened. `missing`: it was removed, or moved away, and may come back with all its locks. `replaced`: its
 * path names another file, as after a backup was restored, so that others have another database.
 */
export type FileState = 'unchanged' | 'missing' | 'replaced';

/** A path, and the number of the file that it named. */
interface Opened {
  readonly path: string;
  readonly identity: Identity;
}

/** `null`: there is no file. `undefined`: the system does not say. */
type Identity = bigint | null | undefined;

/** As a store first found it, because the connection keeps that file. `null` for a database in memory. Several stores may share a connection. */
const OPENED = new WeakMap<SqliteDatabase, Opened | null>();

/** The file that a connection has opened. */
export class DatabaseFile {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
    try {
      // As soon as possible: it may be hours until the first lock is acquired.
      this.#opened();
    } catch {
      // A database that was closed, or is not open yet. Whatever uses it says so.
    }
  }

  /** `null` if the database exists only in the memory of this process. */
  get path(): string | null {
    return this.#opened()?.path ?? null;
  }

  /** SQLite looks at the same before it writes, but not in WAL mode (`fileHasMoved` in its os_unix.c). */
  get state(): FileState {
    const opened = this.#opened();
    // Not every file system of SQLite has files in this sense, and on Windows nobody can replace one that is open.
    if (!opened?.identity || process.platform === 'win32') return 'unchanged';
    const identity = identityOf(opened.path);
    if (identity === null) return 'missing';
    return identity === undefined || identity === opened.identity ? 'unchanged' : 'replaced';
  }

  #opened(): Opened | null {
    let opened = OPENED.get(this.#database);
    if (opened === undefined) {
      const databases = this.#database.prepare('PRAGMA database_list').all();
      const main = databases.find((row) => fieldOf(row, 'name') === 'main');
      const path = fieldOf(main, 'file');
      opened = typeof path === 'string' && path !== '' ? { path, identity: identityOf(path) } : null;
      OPENED.set(this.#database, opened);
    }
    return opened;
  }
}

function identityOf(path: string): Identity {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? null;
  } catch {
    return undefined;
  }
}
