// An hourly job that takes a second, started by cron on five servers whose clocks differ. One of them runs it.
//
//     npm run example -- once-an-hour
//
// On real servers the lock is in a database that all of them reach, see docs/postgres.md; here it is a file, and an hour has three
// seconds.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockBusy, withLock } from 'livinglock';

const path = join(import.meta.dirname, 'once-an-hour.lock');

/** How late each server's clock is, in milliseconds. The last ones come when the work has long been done. */
const servers = { 'server-1': 250, 'server-2': 0, 'server-3': 400, 'server-4': 900, 'server-5': 1600 };

for (const hour of [1, 2]) {
  console.log(`hour ${hour}`);
  const started = Date.now();
  await Promise.all(Object.entries(servers).map(([server, late]) => sleep(late).then(() => hourly(server))));
  await sleep(started + 3000 - Date.now());
}

async function hourly(server: string): Promise<void> {
  try {
    // Well below the time between two runs, and well above what the clocks may differ by.
    await withLock(path, { owner: server, holdAtLeast: '2.5s', staleTimeout: '10m' }, async (lock) => {
      console.log(`  ${server} writes the report`);
      await sleep(100);
      await lock.heartBeat({ progress: 1 });
    });
  } catch (error) {
    if (!(error instanceof ErrLockBusy)) throw error;
    console.log(`  ${server} does not: ${error.holder?.owner} has it`);
  }
}
