import { DatabaseSync } from '@photostructure/sqlite';
import { type Clock, fileStore, type Store } from 'livinglock';
import { type SqliteDatabase, sqliteStore } from 'livinglock/sqlite';
import { steppedFileSystem } from './stepped-file-system.js';

/**
 * The store that an actor was told to use when it was started: the file store, or one in the SQLite database at a path. Calls
 * `step` before each thing that it does there.
 */
export function chosenStore(
  [kind, path = '']: readonly string[],
  clock: Clock,
  step: (name: string) => void,
): Store {
  switch (kind) {
    case undefined:
      return fileStore({ clock, fileSystem: steppedFileSystem(step) });
    case 'sqlite':
      return sqliteStore(steppedDatabase(new DatabaseSync(path), step), { clock });
    default:
      throw new Error(`There is no store called ${kind}.`);
  }
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
