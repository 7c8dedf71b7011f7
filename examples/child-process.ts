// A job whose work another program does: the lock is held as long as either of the two lives.
//
//     npm run example -- child-process
//
// Stands for `pg_dump`, `rsync` or `ffmpeg` under a lock. Were the job killed, and the program not, a lock that knows nothing of
// the program would let the next run start a second one beside it. And output is proof of work: a program that hangs prints
// nothing, so the heartbeats stop, and the next run takes over. (For jobs that are nothing but a program there is the command
// `livinglock run`.)

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { withLock } from 'livinglock';

const path = process.argv[2] ?? join(import.meta.dirname, 'child-process.lock');

/** Prints a line for each table, as `pg_dump --verbose` does. */
const DUMP = `for (const table of ['orders', 'customers', 'prices']) {
  console.log('dumping ' + table);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
}`;

await withLock(path, { staleTimeout: '10m' }, async (lock) => {
  // The signal ends the program when the lock is lost.
  const dump = spawn(process.execPath, ['--eval', DUMP], {
    signal: lock.signal,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(dump, 'close');
  if (dump.pid !== undefined) await lock.setWorkers([dump.pid]);
  for await (const line of createInterface(dump.stdout)) {
    console.log(line);
    await lock.heartBeat({ note: line });
  }
  const [status] = await ended;
  if (status !== 0) throw new Error(`The dump ended with status ${status}.`);
});
console.log('done');
