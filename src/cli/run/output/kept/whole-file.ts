import { read, write } from 'node:fs';
import { promisify } from 'node:util';
import { writeAll } from '../../../terminal/write-all.js';

const writePart = promisify(write);
const readPart = promisify(read);

/** Writes all of it at this position of a file, from outside the event loop. */
export function writeAt(descriptor: number, data: Buffer, position: number): Promise<void> {
  return writeAll(descriptor, data, (_, chunk, written) =>
    writePart(descriptor, chunk, written, chunk.length - written, position + written),
  );
}

/** Reads from this position of a file. Less than asked for only at its end. */
export async function readAt(descriptor: number, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await readPart(descriptor, buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
