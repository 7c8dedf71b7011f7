import { read, write } from 'node:fs';
import { promisify } from 'node:util';

const writePart = promisify(write);
const readPart = promisify(read);

/** Writes all of it at this position of a file, from outside the event loop. */
export async function writeAt(descriptor: number, data: Buffer, position: number): Promise<void> {
  for (let written = 0; written < data.length; ) {
    const { bytesWritten } = await writePart(
      descriptor,
      data,
      written,
      data.length - written,
      position + written,
    );
    written += bytesWritten;
  }
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
