// The same import into SQLite, with the lock in a file. Each row is imported once, however often it is killed, or stopped and resumed.
//
//     npm run example -- fenced-import-sqlite [shop.db [STALE_TIMEOUT]]
//
// Each batch is one transaction: it claims the fence of the lock, inserts the rows, and moves the checkpoint.

import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite'; // from Node 22.5 on, node:sqlite
import { toDuration, withLock } from 'livinglock';
import { fence } from 'livinglock/sqlite';

const ROWS = 200_000;
const BATCH = 250;

const path = process.argv[2] ?? join(import.meta.dirname, 'fenced-import.db');
const database = new DatabaseSync(path);
database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 60000');

const staleTimeout = toDuration(process.argv[3] ?? '10m');
await withLock(`${path}.lock`, { staleTimeout, wait: '1m' }, async (lock) => {
  // From here on no earlier run can move the checkpoint.
  let done = inTransaction(() => {
    fence(database, lock);
    return begin();
  });
  while (done < ROWS) {
    await lock.heartBeat({ progress: done / ROWS });
    inTransaction(() => {
      fence(database, lock);
      insertRows(done + 1, done + BATCH);
      database.prepare('UPDATE checkpoint SET done = ?').run(done + BATCH);
    });
    done += BATCH;
    console.log(`${done} rows`);
  }
});

/** Returns how many rows the earlier runs have imported. */
function begin(): number {
  // Without a unique key, so that a row that is imported twice is there twice.
  database.exec(`
    CREATE TABLE IF NOT EXISTS readings (id INTEGER NOT NULL, celsius REAL NOT NULL);
    CREATE TABLE IF NOT EXISTS checkpoint (done INTEGER NOT NULL);
    INSERT INTO checkpoint SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM checkpoint)`);
  return Number(database.prepare('SELECT done FROM checkpoint').get()?.['done']);
}

/** Stands in for rows that are read from a file. */
function insertRows(first: number, last: number): void {
  const insert = database.prepare('INSERT INTO readings VALUES (?, ?)');
  for (let id = first; id <= last; id++) insert.run(id, 20 + 5 * Math.sin(id));
}

/** Takes the lock for writing at once, so that what it reads is still so when it commits. */
function inTransaction<T>(work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
