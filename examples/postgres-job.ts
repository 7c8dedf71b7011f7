// A job that each of five servers starts every hour, and that one of them runs: the lock is in PostgreSQL.
//
//     npm run example -- postgres-job [postgres://user@localhost/shop]
//
// Start it again within the hour, there or elsewhere, and it yields. What the address leaves out comes from PGHOST, PGUSER and so on.

import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockBusy, ErrLockStore, withLock } from 'livinglock';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';

/** EX_TEMPFAIL of sysexits(3): nothing is wrong, try again later. */
const TRY_AGAIN_LATER = 75;

const pool = new pg.Pool({
  connectionString: process.argv[2] ?? process.env['DATABASE_URL'],
  // Without these a server that has vanished, and does not even refuse, is waited for until the network gives up.
  connectionTimeoutMillis: 10_000,
  query_timeout: 30_000,
  keepAlive: true,
});
// Of a connection that breaks while nobody uses it. Without a listener that would end the process; with one the next heartbeat
// gets another connection, and the lock goes on.
pool.on('error', (error) => console.error(`PostgreSQL: ${error.message}`));

const customers = ['Ada', 'Edsger', 'Grace', 'Katherine', 'Alan'];

try {
  const options = {
    store: postgresStore(pool),
    owner: hostname(),
    staleTimeout: '30m',
    heartbeatMinimalInterval: '1m',
    // Servers whose clocks differ by less than five minutes run it once an hour, also when it takes a second.
    holdAtLeast: '55m',
  };
  await withLock('hourly-invoices', options, async (lock) => {
    for (const [done, customer] of customers.entries()) {
      await lock.heartBeat({ progress: done / customers.length, note: customer }).catch(goOn);
      await sendInvoice(customer, lock.signal);
    }
  });
  console.log('done');
} catch (error) {
  if (!(error instanceof ErrLockBusy)) throw error;
  // One line says on which server it runs, and how far it is. No stack, no alarm.
  console.log(error.message);
  process.exitCode = TRY_AGAIN_LATER;
} finally {
  // Not before the lock is released.
  await pool.end();
}

/** The server is away, for a restart mostly: the lock is held until `staleTimeout`, and `lock.signal` tells if that is over. */
function goOn(error: unknown): void {
  if (!(error instanceof ErrLockStore)) throw error;
  console.error(error.message);
}

/** Stands for what takes minutes in earnest, and has to end when the lock is lost. */
async function sendInvoice(customer: string, signal: AbortSignal): Promise<void> {
  console.log(`sends the invoice of ${customer}`);
  await sleep(200, undefined, { signal });
}
