// One of several servers runs a job every minute, and keeps the lock in between. When it goes down, another takes its place.
//
//     npm run example -- stay-in-charge
//
// It replaces a table row whose owner keeps extending `expires_at`. In production, the lock would be in a database that all
// servers share. Here it is in a file, and a minute lasts one second.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryWithLock } from 'livinglock';

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
  // `holdAtLeast`: longer than the time between two runs. The others take over when it is over.
  const options = { owner: server, sticky: true, holdAtLeast: '1.7s', staleTimeout: '10m' } as const;
  const { ran, busy } = await tryWithLock(path, options, () => console.log(`  ${server} is in charge`));
  if (!ran) console.log(`  ${server} is not: ${busy.holder?.owner} is`);
}
