import { write } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

type Write = (descriptor: number, chunk: Buffer, offset: number) => Promise<{ bytesWritten: number }>;

const writeOnce: Write = promisify(write);

/** Milliseconds to wait before trying again, if someone has made a pipe non-blocking. */
const FULL = 5;

/**
 * Writes everything from outside the event loop. `process.stdout` and `writeSync` block on a full pipe (Node, "A note on process
 * I/O"), and a blocked process notices no signal and no timeout.
 */
export async function writeAll(descriptor: number, chunk: Buffer, write = writeOnce): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    try {
      const { bytesWritten } = await write(descriptor, chunk, written);
      written += bytesWritten;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      await sleep(FULL);
    }
  }
}
