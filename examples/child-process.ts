// A job that starts another program: the lock is held as long as either of them lives.
//
//     npm run example -- child-process
//
// The program could be `pg_dump`, `rsync` or `ffmpeg`. If the job is killed but the program is not, the lock must stay held, or
// the next run would start the program a second time. The program's output is the proof of work: if it hangs, it prints nothing,
// the heartbeats stop, and the next run takes over. (If the program is the whole job, use the command `livinglock run`.)

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
  if (status !== 0) throw new Error(`The dump exited with ${status}.`);
});
console.log('done');
