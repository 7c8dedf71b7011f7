// An import of 200,000 rows that may be killed, or stopped and resumed, at any moment. Each row is imported once.
//
//     npm run example -- fenced-import [postgres://user@localhost/shop [STALE_TIMEOUT]]
//
// Each batch is one transaction: it claims the fence of the lock, inserts the rows, and moves the checkpoint. A run that was killed has
// committed all of a batch or nothing, and the next one continues after it. A run that was stopped, and taken over, is refused by the
// fence when it wakes up.

import { toDuration, withLock } from 'livinglock';
import { fence, postgresStore } from 'livinglock/postgres';
import pg from 'pg';

const ROWS = 200_000;
const BATCH = 1000;

const pool = new pg.Pool({
  connectionString: process.argv[2] ?? process.env['DATABASE_URL'],
  // A run that is stopped in the middle of a batch would otherwise keep its successor waiting for as long as it is stopped.
  idle_in_transaction_session_timeout: 10_000,
});
pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`));

try {
  const store = postgresStore(pool);
  const staleTimeout = toDuration(process.argv[3] ?? '10m');
  await withLock('fenced-import', { store, staleTimeout, wait: '1m' }, async (lock) => {
    // From here on no earlier run can move the checkpoint.
    let done = await inTransaction(async (client) => {
      await fence(client, lock);
      return begin(client);
    });
    while (done < ROWS) {
      await lock.heartBeat({ progress: done / ROWS });
      await inTransaction(async (client) => {
        await fence(client, lock);
        await insertRows(client, done + 1, done + BATCH);
        await client.query('UPDATE checkpoint SET done = $1', [done + BATCH]);
      });
      done += BATCH;
      console.log(`${done} rows`);
    }
  });
} finally {
  await pool.end();
}

/** Returns how many rows the earlier runs have imported. */
async function begin(client: pg.PoolClient): Promise<number> {
  // Without a unique key, so that a row that is imported twice is there twice.
  await client.query('CREATE TABLE IF NOT EXISTS readings (id integer NOT NULL, celsius real NOT NULL)');
  await client.query('CREATE TABLE IF NOT EXISTS checkpoint (done integer NOT NULL)');
  await client.query('INSERT INTO checkpoint SELECT 0 WHERE NOT EXISTS (SELECT FROM checkpoint)');
  const { rows } = await client.query<{ done: number }>('SELECT done FROM checkpoint');
  return rows[0]?.done ?? 0;
}

/** Stands in for rows that are read from a file. */
async function insertRows(client: pg.PoolClient, first: number, last: number): Promise<void> {
  const ids = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const celsius = ids.map((id) => 20 + 5 * Math.sin(id));
  await client.query('INSERT INTO readings SELECT * FROM unnest($1::integer[], $2::real[])', [ids, celsius]);
}

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    // Closing the connection rolls back, even if it is broken.
    client.release(true);
    throw error;
  }
}
