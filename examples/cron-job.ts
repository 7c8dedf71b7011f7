// A job that a scheduler starts more often than it may need to run, and that gives way to itself.
//
//     npm run example -- cron-job [lock]
//
// Start it again in another terminal while it runs, and the second one yields. In a crontab, where 75 is no failure:
//
//     */5 * * * *  node /opt/import/cron-job.js /run/import/cron-job.lock || [ $? -eq 75 ]
//
// and in a systemd unit: `SuccessExitStatus=75`, with `RuntimeDirectory=import` for the folder of the lock.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockBusy, withLock } from 'livinglock';

/** EX_TEMPFAIL of sysexits(3): nothing is wrong, try again later. */
const TRY_AGAIN_LATER = 75;

// Beside the program, so that the example leaves no traces elsewhere. A real job takes a folder that only its user can write to.
const path = process.argv[2] ?? join(import.meta.dirname, 'cron-job.lock');
const mailboxes = ['orders', 'invoices', 'returns', 'complaints', 'praise'];

try {
  // An import of one mailbox has never taken more than 10 minutes. On a bad day it may take three times as long.
  await withLock(path, { staleTimeout: '30m', heartbeatMinimalInterval: '1m' }, async (lock) => {
    for (const [done, mailbox] of mailboxes.entries()) {
      await lock.heartBeat({ progress: done / mailboxes.length, note: mailbox });
      await importMailbox(mailbox);
    }
  });
  console.log('done');
} catch (error) {
  if (!(error instanceof ErrLockBusy)) throw error;
  // One line says who is at work and how they are. No stack, no alarm: that a run is still busy is no fault of this one.
  console.log(error.message);
  process.exitCode = TRY_AGAIN_LATER;
}

/** Stands for what takes minutes in earnest. */
async function importMailbox(mailbox: string): Promise<void> {
  console.log(`imports ${mailbox}`);
  await sleep(600);
}
