import { constants, ftruncate, openSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomUuid } from '../../../../system/uuid.js';
import { writeOut } from '../../../terminal/write-all.js';
import type { LogFile } from './bounded-log.js';
import { readAt, writeAt } from './whole-file.js';

const truncate = promisify(ftruncate);

/** Bytes that are read at once. */
const PIECE = 256 * 1024;
const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/** Holds output back on the disk, in a file without a name: whatever ends this process, none of the output stays behind. */
export class Spool {
  readonly #descriptor: number;
  #size = 0;

  /** Throws the system's error if no file can be created in that folder. */
  constructor(folder: string) {
    const path = join(folder, `output-${randomUuid()}.tmp`);
    this.#descriptor = openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    unlinkSync(path);
  }

  /** How many bytes it holds. */
  get size(): number {
    return this.#size;
  }

  /** What is added behind all that it holds now. */
  rest(): LogFile {
    const start = this.#size;
    return {
      write: async (data, position) => {
        await writeAt(this.#descriptor, data, start + position);
        this.#size = Math.max(this.#size, start + position + data.length);
      },
      read: (position, length) => readAt(this.#descriptor, start + position, length),
      truncate: async (length) => {
        this.#size = start + length;
        await truncate(this.#descriptor, this.#size);
      },
    };
  }

  /** Writes these bytes of what it holds to a descriptor of ours, piece by piece. */
  async passOn(descriptor: number, from: number, to: number): Promise<void> {
    for (let position = from; position < to; ) {
      const piece = await readAt(this.#descriptor, position, Math.min(PIECE, to - position));
      if (piece.length === 0) throw new Error('the file that held it has been truncated');
      await writeOut(descriptor, piece);
      position += piece.length;
    }
  }
}
