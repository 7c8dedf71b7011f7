// A job that several servers start at the same time, and one of them runs. The lock is in Redis.
//
//     npm run example -- redis-job [redis://localhost]
//
// Start it again elsewhere while it runs: the second run exits with 75.

import { setTimeout as sleep } from 'node:timers/promises';
import { tryWithLock } from 'livinglock';
import { redisStore } from 'livinglock/redis';
import { createClient } from 'redis';

/** EX_TEMPFAIL in sysexits(3): try again later. */
const TRY_AGAIN_LATER = 75;

const client = createClient({
  url: process.argv[2] ?? 'redis://localhost',
  // By default the client retries forever, so a job that cannot reach Redis would never end.
  socket: { reconnectStrategy: (tries) => tries < 10 && Math.min(50 * 2 ** tries, 1000) },
});
// Without a listener, a lost connection would end the process. With one, the client reconnects, and the lock stays held.
client.on('error', (error) => console.error(`Redis: ${error.message || error.code}`));
await client.connect();

const customers = ['Ada', 'Edsger', 'Grace', 'Katherine', 'Alan'];

try {
  const options = {
    store: redisStore(client),
    staleTimeout: '30m',
    heartbeatMinimalInterval: '1m',
  } as const;
  const { ran, busy } = await tryWithLock('monthly-invoices', options, async (lock) => {
    for (const [done, customer] of customers.entries()) {
      await lock.heartBeat({ progress: done / customers.length, note: customer });
      await sendInvoice(customer, lock.fencingToken);
    }
  });
  // The message says which server holds the lock, and how far it is.
  console.log(ran ? 'done' : busy.message);
  if (!ran) process.exitCode = TRY_AGAIN_LATER;
} finally {
  // The client is closed already if it gave up reconnecting.
  if (client.isOpen) await client.close();
}

/** Stands in for a request that takes minutes, to a service that checks fencing tokens. */
async function sendInvoice(customer: string, fencingToken: number): Promise<void> {
  console.log(
    `sends the invoice to ${customer}, unless a token greater than ${fencingToken} was used before`,
  );
  await sleep(200);
}
