// A short hourly job, started by cron on five servers whose clocks differ. Only one server runs it each hour.
//
//     npm run example -- once-an-hour
//
// In production, the lock would be in a database that all servers share; see docs/postgres.md. Here it is in a file, and an hour
// lasts three seconds.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryWithLock } from 'livinglock';

const path = join(import.meta.dirname, 'once-an-hour.lock');

/** How far each server's clock is behind, in milliseconds. The slowest start when the work has long been done. */
const delays = { 'server-1': 250, 'server-2': 0, 'server-3': 400, 'server-4': 900, 'server-5': 1600 };

for (const hour of [1, 2]) {
  console.log(`hour ${hour}`);
  const started = Date.now();
  await Promise.all(Object.entries(delays).map(([server, delay]) => sleep(delay).then(() => hourly(server))));
  await sleep(started + 3000 - Date.now());
}

async function hourly(server: string): Promise<void> {
  // `holdAtLeast`: well below the time between two runs, and well above the difference of the clocks.
  const options = { owner: server, holdAtLeast: '2.5s', staleTimeout: '10m' } as const;
  const { ran, busy } = await tryWithLock(path, options, async (lock) => {
    console.log(`  ${server} writes the report`);
    await sleep(100);
    await lock.heartBeat({ progress: 1 });
  });
  if (!ran) console.log(`  ${server} skips it: ${busy.holder?.owner} holds the lock`);
}
