import { DatabaseSync } from '@photostructure/sqlite';
import { type Clock, fileStore, type Store } from 'livinglock';
import { type PostgresConnection, postgresStore } from 'livinglock/postgres';
import { type SqliteDatabase, sqliteStore } from 'livinglock/sqlite';
import pg from 'pg';
import { steppedFileSystem } from './stepped-file-system.js';

/**
 * The store that an actor was told to use when it was started: the file store, one in the SQLite database at a path, or one in
 * the table of that name at a PostgreSQL server. Calls `step` before each thing that it does there.
 */
export function chosenStore(
  [kind, place = '', tableName]: readonly string[],
  clock: Clock,
  step: (name: string) => void,
): Store {
  switch (kind) {
    case undefined:
      return fileStore({ clock, fileSystem: steppedFileSystem(step) });
    case 'sqlite':
      return sqliteStore(steppedDatabase(new DatabaseSync(place), step), { clock });
    case 'postgres':
      return postgresStore(steppedConnection(connectionTo(place), step), { tableName });
    default:
      throw new Error(`There is no store called ${kind}.`);
  }
}

/** Connections that break while nobody uses them are reported to nobody: the next operation has another one. */
function connectionTo(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 2 });
  pool.on('error', () => {});
  return pool;
}

function steppedConnection(connection: PostgresConnection, step: (name: string) => void): PostgresConnection {
  return {
    async query(text, values) {
      step('query');
      const result = await connection.query(text, values);
      step('then');
      return result;
    },
  };
}

/** The name of a step is the first word of the statement that follows, or `then` right after one. */
function steppedDatabase(database: SqliteDatabase, step: (name: string) => void): SqliteDatabase {
  const stepped = <T>(sql: string, run: () => T): T => {
    step(/^\w+/.exec(sql)?.[0] ?? sql);
    const result = run();
    step('then');
    return result;
  };
  return {
    exec: (sql) => stepped(sql, () => database.exec(sql)),
    prepare(sql) {
      const statement = database.prepare(sql);
      return { all: (...parameters) => stepped(sql, () => statement.all(...parameters)) };
    },
  };
}
