// A job that five servers start every hour, and one of them runs. The lock is in PostgreSQL.
//
//     npm run example -- postgres-job [postgres://user@localhost/shop]
//
// Start it again within the hour, on the same server or another: it exits with 75. PGHOST, PGUSER and so on supply what the
// address does not say.

import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockStore, tryWithLock } from 'livinglock';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';

/** EX_TEMPFAIL in sysexits(3): try again later. */
const TRY_AGAIN_LATER = 75;

const pool = new pg.Pool({
  connectionString: process.argv[2] ?? process.env['DATABASE_URL'],
  // Without these, a query to a server that no longer responds would wait until TCP gives up.
  connectionTimeoutMillis: 10_000,
  query_timeout: 30_000,
  keepAlive: true,
});
// An idle connection was lost. Without a listener, that would end the process. With one, the next heartbeat opens another
// connection, and the lock stays held.
pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`));

const customers = ['Ada', 'Edsger', 'Grace', 'Katherine', 'Alan'];

try {
  const options = {
    store: postgresStore(pool),
    owner: hostname(),
    staleTimeout: '30m',
    heartbeatMinimalInterval: '1m',
    // The job runs once an hour, however short it is, as long as the servers' clocks differ by less than five minutes.
    holdAtLeast: '55m',
  } as const;
  const { ran, busy } = await tryWithLock('hourly-invoices', options, async (lock) => {
    for (const [done, customer] of customers.entries()) {
      await lock.heartBeat({ progress: done / customers.length, note: customer }).catch(carryOn);
      await sendInvoice(customer, lock.signal);
    }
  });
  // The message says which server holds the lock, and how far it is.
  console.log(ran ? 'done' : busy.message);
  if (!ran) process.exitCode = TRY_AGAIN_LATER;
} finally {
  // Only after the lock was released, which needs a connection.
  await pool.end();
}

/** PostgreSQL is down, often for a restart. The lock is held until `staleTimeout` is over; then `lock.signal` aborts. */
function carryOn(error: unknown): void {
  if (!(error instanceof ErrLockStore)) throw error;
  console.error(error.message);
}

/** Stands in for work that takes minutes, and must stop when the lock is lost. */
async function sendInvoice(customer: string, signal: AbortSignal): Promise<void> {
  console.log(`sends the invoice to ${customer}`);
  await sleep(200, undefined, { signal });
}
