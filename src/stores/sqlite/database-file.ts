import { statSync } from 'node:fs';
import { fieldOf } from '../shared/field.js';
import type { SqliteDatabase } from './database.js';

/** The path of a file, and what tells it from others that had that path; `null` if nothing is there, or the system does not say. */
interface Opened {
  readonly path: string;
  readonly identity: string | null;
}

/** As a store first found it: the connection keeps that file. Of a database in memory `null`. Several stores may share a connection. */
const OPENED = new WeakMap<SqliteDatabase, Opened | null>();

/** The file that a connection has opened. */
export class DatabaseFile {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** `null` if the database exists only in the memory of this process. */
  get path(): string | null {
    return this.#look()?.path ?? null;
  }

  /**
   * Whether its path names another file by now, or none, as after a backup was restored: then others open another database. SQLite looks
   * at the same before it writes, but not in WAL mode (`fileHasMoved` in its os_unix.c).
   */
  hasMoved(): boolean {
    const opened = this.#look();
    if (opened === null || opened.identity === null) return false;
    return opened.identity !== identityOf(opened.path, opened.identity);
  }

  #look(): Opened | null {
    let opened = OPENED.get(this.#database);
    if (opened === undefined) {
      const databases = this.#database.prepare('PRAGMA database_list').all();
      const main = databases.find((row) => fieldOf(row, 'name') === 'main');
      const path = fieldOf(main, 'file');
      opened = typeof path === 'string' && path !== '' ? { path, identity: identityOf(path, null) } : null;
      OPENED.set(this.#database, opened);
    }
    return opened;
  }
}

/** `null` if there is no such file. */
function identityOf(path: string, unknown: string | null): string | null {
  try {
    const status = statSync(path, { bigint: true, throwIfNoEntry: false });
    return status === undefined ? null : `${status.dev} ${status.ino}`;
  } catch {
    // For example, a folder on the way cannot be searched any more. That proves nothing.
    return unknown;
  }
}
