// One of several servers is in charge: it runs a job every few minutes, and keeps the lock in between. When it stays away, another one takes its place.
//
//     npm run example -- stay-in-charge
//
// That is what a table does in which the owner of a row moves `expires_at`. On real servers the lock is in a database that all of them reach; here it
// is a file, and a minute has a second.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockBusy, withLock } from 'livinglock';

const path = join(import.meta.dirname, 'stay-in-charge.lock');
const servers = ['server-1', 'server-2'];

for (let minute = 1; minute <= 5; minute++) {
  console.log(`minute ${minute}`);
  for (const server of servers) {
    const isDown = server === 'server-1' && minute >= 3;
    if (isDown) console.log('  server-1 is down');
    else await everyMinute(server);
  }
  await sleep(1000);
}

async function everyMinute(server: string): Promise<void> {
  try {
    // Longer than the time between two runs: so long the others wait for the one in charge.
    await withLock(
      path,
      { owner: server, sticky: true, holdAtLeast: '1.7s', staleTimeout: '10m' },
      async () => {
        console.log(`  ${server} is in charge`);
      },
    );
  } catch (error) {
    if (!(error instanceof ErrLockBusy)) throw error;
    console.log(`  ${server} is not: ${error.holder?.owner} is`);
  }
}
