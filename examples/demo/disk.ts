// A disk that blocks where the demo wants it to. The demo loads it into a job with `node --import`.
//
// A job that waits for such a disk is what the library calls stalled: the process is alive, but the call does not return, the
// event loop is blocked, and no heartbeat is sent. Unlike SIGSTOP, this works on Windows too, and at an exact point: before the
// n-th call of a function. The job itself is unchanged.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** The pipe to the demo. The job reports events and how many files it has opened; the demo sends the next breakpoint. */
const DEMO = 3;

const calls = { createReadStream: 0, rename: 0 };
let breakpoint = process.env['DEMO_BREAKPOINT'] ?? '';

const { createReadStream, rename } = fs;

Object.assign(fs, {
  createReadStream(...args: Parameters<typeof createReadStream>) {
    beforeCall('createReadStream');
    return createReadStream(...args);
  },
  rename(...args: Parameters<typeof rename>) {
    beforeCall('rename');
    rename(...args);
  },
});
syncBuiltinESMExports();

process.on('exit', () => report('end'));

function beforeCall(name: keyof typeof calls): void {
  if (breakpoint === `${name} ${calls[name] + 1}`) {
    report('breakpoint');
    breakpoint = nextBreakpoint();
  }
  calls[name] += 1;
}

function report(event: 'breakpoint' | 'end'): void {
  fs.writeSync(DEMO, `${event} ${calls.createReadStream}\n`);
}

/** Blocks the whole process until the demo sends the next breakpoint. */
function nextBreakpoint(): string {
  const buffer = Buffer.alloc(64);
  const length = fs.readSync(DEMO, buffer);
  // The demo has ended, so nobody would ever resume this process.
  if (length === 0) process.kill(process.pid, 'SIGKILL');
  return buffer.toString('utf8', 0, length).trim();
}
