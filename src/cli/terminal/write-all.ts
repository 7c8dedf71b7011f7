import { closeSync, constants, fstatSync, openSync, statSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { attempt } from '../../system/attempt.js';

type Write = (descriptor: number, chunk: Buffer, offset: number) => Promise<{ bytesWritten: number }>;

const writeOnce: Write = promisify(write);

/** Milliseconds to wait before trying again, if a pipe is non-blocking and full: at first, and at most. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 100;

/**
 * Writes everything from outside the event loop. `process.stdout` and `writeSync` block on a full pipe (Node, "A note on process
 * I/O"), and a blocked process notices no signal and no timeout.
 */
export async function writeAll(descriptor: number, chunk: Buffer, write = writeOnce): Promise<void> {
  let pause = FIRST_PAUSE;
  for (let written = 0; written < chunk.length; ) {
    try {
      const { bytesWritten } = await write(descriptor, chunk, written);
      written += bytesWritten;
      pause = FIRST_PAUSE;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      await sleep(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    }
  }
}

/**
 * Writes as {@link writeAll} does. On Linux, the event loop waits for a pipe: at full speed, and a pipe that nobody reads does not keep this process
 * from exiting, which waits for all its threads.
 */
export async function writeOut(descriptor: number, chunk: Buffer): Promise<void> {
  if (isNull(descriptor)) return;
  const own = reopened(descriptor);
  if (own === null) return writeAll(descriptor, chunk);
  const pipe = new Socket({ fd: own, readable: false, writable: true });
  try {
    await new Promise<void>((resolve, reject) => {
      pipe.on('error', reject);
      pipe.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    pipe.destroy();
  }
}

/** Whether {@link writeOut} takes one of libuv's threads. */
export function takesThread(descriptor: number): boolean {
  if (isNull(descriptor)) return false;
  const own = reopened(descriptor);
  if (own !== null) closeSync(own);
  return own === null;
}

/** Whether it is `/dev/null`, which takes everything. Each container has one of its own, with the same device number. */
function isNull(descriptor: number): boolean {
  return attempt(() => {
    const target = fstatSync(descriptor);
    return target.isCharacterDevice() && target.rdev === statSync('/dev/null').rdev;
  }, false);
}

/** The same pipe by another description: whether the one that was given blocks is up to those who share it. `null` if that is not possible. */
function reopened(descriptor: number): number | null {
  if (process.platform !== 'linux' || !attempt(() => fstatSync(descriptor).isFIFO(), false)) return null;
  const { O_WRONLY, O_NONBLOCK } = constants;
  return attempt(() => openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK), null);
}
