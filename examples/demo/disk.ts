// The disk of the demo: loaded into a job with `node --import`, it stands still where the demo wants it to.
//
// A job on such a disk is what the library calls stalled: the process is alive, the call does not return, the event loop
// stands, and no heartbeat is given. Unlike SIGSTOP this works on Windows too, and it strikes at an exact place instead of
// after some time: before the n-th call of one function. The job knows nothing of it.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** The pipe to the demo: up goes what happens and how many files were opened so far, down comes where to stand still next. */
const DEMO = 3;

const calls = { createReadStream: 0, rename: 0 };
let standstill = process.env['DEMO_STANDSTILL'] ?? '';

const { createReadStream, rename } = fs;

Object.assign(fs, {
  createReadStream(...args: Parameters<typeof createReadStream>) {
    arriveAt('createReadStream');
    return createReadStream(...args);
  },
  rename(...args: Parameters<typeof rename>) {
    arriveAt('rename');
    rename(...args);
  },
});
syncBuiltinESMExports();

process.on('exit', () => tell('end'));

function arriveAt(name: keyof typeof calls): void {
  if (standstill === `${name} ${calls[name] + 1}`) {
    tell('standstill');
    standstill = hear();
  }
  calls[name] += 1;
}

function tell(event: 'standstill' | 'end'): void {
  fs.writeSync(DEMO, `${event} ${calls.createReadStream}\n`);
}

/** Blocks the whole process until the demo says something. */
function hear(): string {
  const buffer = Buffer.alloc(64);
  const length = fs.readSync(DEMO, buffer);
  // The demo is gone, and nobody would ever let this process go on.
  if (length === 0) process.kill(process.pid, 'SIGKILL');
  return buffer.toString('utf8', 0, length).trim();
}
