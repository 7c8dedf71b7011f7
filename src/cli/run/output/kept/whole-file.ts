import { ftruncate, read, write } from 'node:fs';
import { promisify } from 'node:util';
import { writeAll } from '../../../terminal/write-all.js';
import type { LogFile } from './bounded-log.js';

const writePart = promisify(write);
const readPart = promisify(read);
const truncateFile = promisify(ftruncate);

/** A file from this position on, which is written and read from outside the event loop. */
export function fileFrom(start: number, descriptor: number): LogFile {
  return {
    write: (data, position) =>
      writeAll(descriptor, data, (_, chunk, written) =>
        writePart(descriptor, chunk, written, chunk.length - written, start + position + written),
      ),
    read: (position, length) => readAt(descriptor, start + position, length),
    truncate: (length) => truncateFile(descriptor, start + length),
  };
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
