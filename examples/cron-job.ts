// A scheduled job that skips a run while the previous one is still at work.
//
//     npm run example -- cron-job [lock]
//
// Start it again in another terminal while it runs: the second run exits with 75. In a crontab, do not treat 75 as a failure:
//
//     */5 * * * *  node /opt/import/cron-job.js /run/import/cron-job.lock || [ $? -eq 75 ]
//
// In a systemd unit, set `SuccessExitStatus=75`, and `RuntimeDirectory=import` to create the lock's folder.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryWithLock } from 'livinglock';

/** EX_TEMPFAIL in sysexits(3): try again later. */
const TRY_AGAIN_LATER = 75;

// Next to the program, so that the example leaves nothing elsewhere. A real job should use a folder that only its user can write to.
const path = process.argv[2] ?? join(import.meta.dirname, 'cron-job.lock');
const mailboxes = ['orders', 'invoices', 'returns', 'complaints', 'praise'];

// The slowest import of one mailbox so far took 10 minutes. The timeout is three times that.
const options = { staleTimeout: '30m', heartbeatMinimalInterval: '1m' } as const;
const { ran, busy } = await tryWithLock(path, options, async (lock) => {
  for (const [done, mailbox] of mailboxes.entries()) {
    await lock.heartBeat({ progress: done / mailboxes.length, note: mailbox });
    await importMailbox(mailbox);
  }
});
if (ran) {
  console.log('done');
} else {
  // One line says who holds the lock.
  console.log(busy.message);
  process.exitCode = TRY_AGAIN_LATER;
}

/** Stands in for work that takes minutes. */
async function importMailbox(mailbox: string): Promise<void> {
  console.log(`imports ${mailbox}`);
  await sleep(600);
}
