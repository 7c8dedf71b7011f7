import { DatabaseSync } from 'node:sqlite';
import Database from 'better-sqlite3';
import { acquire } from 'livinglock';
import { fence, sqliteStore } from 'livinglock/sqlite';

export const stores = [sqliteStore(new DatabaseSync('locks.db')), sqliteStore(new Database('locks.db'))];
export const locks = Promise.all(stores.map((store) => acquire('job', { store })));
export const fenceIn = (database: DatabaseSync | Database.Database) =>
  fence(database, { name: 'job', fencingToken: 1 });

// @ts-expect-error: not a database.
sqliteStore({});
