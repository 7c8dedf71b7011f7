import { closeSync, constants, openSync, readSync } from 'node:fs';

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Opens a file that others may have put there: follows no link, and waits for no writer of a FIFO. */
export function openToRead(path: string): number {
  return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/** The first bytes of such a file, or as many as it has. */
export function beginningOf(path: string, length: number): Buffer {
  const descriptor = openToRead(path);
  try {
    const buffer = Buffer.alloc(length);
    return buffer.subarray(0, readSync(descriptor, buffer));
  } finally {
    closeSync(descriptor);
  }
}
