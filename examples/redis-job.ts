// A job that several servers start at the same time, and that one of them runs: the lock is in Redis.
//
//     npm run example -- redis-job [redis://localhost]
//
// Start it again elsewhere while it runs, and the second one yields.

import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockBusy, withLock } from 'livinglock';
import { redisStore } from 'livinglock/redis';
import { createClient } from 'redis';

/** EX_TEMPFAIL of sysexits(3): nothing is wrong, try again later. */
const TRY_AGAIN_LATER = 75;

const client = createClient({
  url: process.argv[2] ?? 'redis://localhost',
  // By default it goes on for ever, and a job that cannot reach Redis would never end.
  socket: { reconnectStrategy: (tries) => tries < 10 && Math.min(50 * 2 ** tries, 1000) },
});
// Without a listener the first connection that is lost would end the process. With one the client makes another, and the lock goes on.
client.on('error', (error) => console.error(`Redis: ${error.message || error.code}`));
await client.connect();

const customers = ['Ada', 'Edsger', 'Grace', 'Katherine', 'Alan'];

try {
  const options = { store: redisStore(client), staleTimeout: '30m', heartbeatMinimalInterval: '1m' };
  await withLock('monthly-invoices', options, async (lock) => {
    for (const [done, customer] of customers.entries()) {
      await lock.heartBeat({ progress: done / customers.length, note: customer });
      await sendInvoice(customer, lock.fencingToken);
    }
  });
  console.log('done');
} catch (error) {
  if (!(error instanceof ErrLockBusy)) throw error;
  // One line says on which server it runs, and how far it is. No stack, no alarm.
  console.log(error.message);
  process.exitCode = TRY_AGAIN_LATER;
} finally {
  // It is not open any more where it has given up.
  if (client.isOpen) await client.close();
}

/** Stands for what takes minutes in earnest, and must not be done by a holder that was taken over. */
async function sendInvoice(customer: string, fencingToken: number): Promise<void> {
  console.log(
    `sends the invoice of ${customer}, if nothing was sent with a token greater than ${fencingToken}`,
  );
  await sleep(200);
}
