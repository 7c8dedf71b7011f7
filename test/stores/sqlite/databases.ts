import { createRequire, isBuiltin } from 'node:module';
import { DatabaseSync } from '@photostructure/sqlite';
import type { SqliteDatabase, SqliteStatement } from '../../../src/stores/sqlite/index.js';

/** A connection with which a test can do anything. */
export interface Connection extends SqliteDatabase {
  close(): void;
}

/** A connection whose statements can be left unfinished. */
export interface IterableConnection extends Connection {
  prepare(sql: string): SqliteStatement & { iterate(): Iterator<unknown> };
}

/** A connection that can be opened again, with the same path. Its statements are then finalized. */
export interface Reopenable extends Connection {
  open(): void;
}

/** Opens connections. */
export interface Driver {
  readonly name: string;
  open(path: string): IterableConnection;
}

/** The driver that works with all versions of Node. */
export const twin: Driver = { name: '@photostructure/sqlite', open: (path) => new DatabaseSync(path) };

/** Includes Node's own driver, if it has one. */
export const drivers: readonly Driver[] = isBuiltin('node:sqlite') ? [twin, nodes()] : [twin];

function nodes(): Driver & { open(path: string): IterableConnection & Reopenable } {
  const own: { DatabaseSync: new (path: string) => IterableConnection & Reopenable } = createRequire(
    import.meta.url,
  )('node:sqlite');
  return { name: 'node:sqlite', open: (path) => new own.DatabaseSync(path) };
}

/** What Node's own driver does, and the same for all versions of Node. */
export const reopening: readonly { readonly name: string; open(path: string): Reopenable }[] = [
  { name: 'a driver like node:sqlite', open: finalizing },
  ...(isBuiltin('node:sqlite') ? [nodes()] : []),
];

/** The twin's statements would go on with the file that was closed. */
function finalizing(path: string): Reopenable {
  const database = new DatabaseSync(path);
  let openings = 1;
  return {
    get isTransaction() {
      return database.isTransaction;
    },
    exec: (sql) => database.exec(sql),
    prepare(sql) {
      const statement = database.prepare(sql);
      const opening = openings;
      return {
        all(...parameters) {
          if (opening === openings) return statement.all(...parameters);
          throw Object.assign(new Error('statement has been finalized'), { code: 'ERR_INVALID_STATE' });
        },
      };
    },
    close() {
      database.close();
      openings += 1;
    },
    open: () => database.open(),
  };
}
