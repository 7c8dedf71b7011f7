import { DatabaseSync } from '@photostructure/sqlite';
import { type SqliteDatabase, sqliteStore } from 'livinglock/sqlite';
import { CountingDatabase } from '../../../support/counting-database.js';
import { livinglock } from '../rivals/livinglock.js';
import { type Engine, type Field, newLock } from './engine.js';

/** A database in a new file, in WAL mode and otherwise with its defaults. @param fileSystem The type of the file system. */
export function openSqlite(path: string, fileSystem: string): Engine {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = wal');
  database.exec('CREATE TABLE jobs (name text PRIMARY KEY, runs integer NOT NULL)');
  database.exec(`INSERT INTO jobs VALUES ('nightly', 0)`);
  return {
    title: `SQLite, ${fileSystem}`,
    description: describe(database),
    connect: async () => fieldOf(database),
    async connectCounted() {
      const counting = new CountingDatabase(database);
      return { ...fieldOf(counting), count: () => counting.count };
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

function fieldOf(database: SqliteDatabase): Field {
  const select = database.prepare('SELECT 1');
  const update = database.prepare('UPDATE jobs SET runs = runs + 1 WHERE name = ?');
  return {
    bare: { name: '`SELECT 1`', run: () => select.all() },
    bareWrite: { name: '`UPDATE` of one row', run: () => update.all('nightly') },
    rivals: [livinglock(sqliteStore(database))],
    newLock,
    async [Symbol.asyncDispose]() {},
  };
}

function describe(database: SqliteDatabase): string {
  const version = firstOf(database, 'SELECT sqlite_version()');
  // https://www.sqlite.org/pragma.html#pragma_synchronous
  const synchronous = ['OFF', 'NORMAL', 'FULL', 'EXTRA'][Number(firstOf(database, 'PRAGMA synchronous'))];
  return `SQLite ${version}, in WAL mode and with \`synchronous = ${synchronous}\``;
}

/** The first column of the first row. */
function firstOf(database: SqliteDatabase, sql: string): string {
  const [row] = database.prepare(sql).all();
  return String(Object.values(row ?? {})[0]);
}
