import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { findGap, GAP_LENGTH, type Gap } from '../run/kept/bounded-log.js';
import { readAt } from '../run/kept/whole-file.js';

const PIECE = 256 * 1024;
/** By so many bytes that were read last it is recognized whether the next ones still follow them. No shorter than the line for a gap. */
const MEMORY = 64;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Takes what has been read. */
export interface Reader {
  print(piece: Buffer): Promise<void>;
  /** So many bytes were left out before they could be read. */
  tellMissing(bytes: number): void;
}

/** A log that may still be written. When its middle is cut out meanwhile, what is read next has moved. */
export class GrowingLog {
  readonly #descriptor: number;
  #position = 0;
  #last: Buffer = Buffer.alloc(0);
  /** Seen before the position. */
  #gap: Gap | null = null;

  /** Throws the system's error if it cannot be read. */
  constructor(path: string) {
    this.#descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(this.#descriptor).isFile()) return;
    closeSync(this.#descriptor);
    throw new Error(`${path} is not a regular file`);
  }

  /** How long the file is now. */
  get size(): number {
    return fstatSync(this.#descriptor).size;
  }

  /**
   * Reads everything that has not been read yet, piece by piece.
   *
   * @param most About how many bytes: a run may write faster than they can be printed.
   */
  async readOn(reader: Reader, most = Number.POSITIVE_INFINITY): Promise<void> {
    for (let count = 0; count < most; ) {
      const known = this.#last;
      const start = this.#position - known.length;
      const piece = await readAt(this.#descriptor, start, known.length + PIECE);
      if (!piece.subarray(0, known.length).equals(known)) {
        const missing = await this.#findPosition();
        if (missing > 0) reader.tellMissing(missing);
        continue;
      }
      const fresh = piece.subarray(known.length);
      if (fresh.length === 0) return;
      await reader.print(fresh);
      count += fresh.length;
      this.#position += fresh.length;
      this.#last = Buffer.from(piece.subarray(-MEMORY));
      const gap = findGap(piece);
      if (gap !== null) this.#gap = { ...gap, start: start + gap.start };
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Where the output goes on that was read up to now. Returns how many bytes of it are not there any more. */
  async #findPosition(): Promise<number> {
    const read = outputBefore(this.#position, this.#gap);
    const gap = await this.#findGap();
    this.#gap = gap;
    this.#last = Buffer.alloc(0);
    if (gap === null) {
      // Somebody else has changed the file.
      this.#position = this.size;
      return 0;
    }
    const behindGap = outputBefore(gap.start + GAP_LENGTH, gap);
    this.#position = Math.max(read, behindGap) - gap.bytes + GAP_LENGTH;
    return Math.max(0, behindGap - read);
  }

  async #findGap(): Promise<Gap | null> {
    for (let start = 0; ; start += PIECE) {
      const piece = await readAt(this.#descriptor, start, PIECE + GAP_LENGTH);
      const gap = findGap(piece);
      if (gap !== null) return { ...gap, start: start + gap.start };
      if (piece.length < PIECE) return null;
    }
  }
}

/** How many bytes of the output are before a position of the file. */
function outputBefore(position: number, gap: Gap | null): number {
  return gap === null || position < gap.start + GAP_LENGTH ? position : position - GAP_LENGTH + gap.bytes;
}
