import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findGaps, GAP_LENGTH, type Gap } from '../run/kept/bounded-log.js';
import { readAt } from '../run/kept/whole-file.js';

const PIECE = 256 * 1024;
/** By so many bytes that were read last it is recognized whether the next ones still follow them. No shorter than the line for a gap. */
const MEMORY = 64;
/** How often to look again, and after how many milliseconds, while the middle is being cut out. */
const ATTEMPTS = 10;
const PAUSE = 20;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Takes what has been read. */
export interface Reader {
  print(piece: Buffer): Promise<void>;
  /** So many bytes were left out before they could be read. `null`: how many is not known. */
  tellMissing(bytes: number | null): void;
}

/** A log that may still be written. When its middle is cut out meanwhile, what is read next has moved. */
export class GrowingLog {
  readonly #descriptor: number;
  #position = 0;
  #last: Buffer = Buffer.alloc(0);
  /** What may be the gap, of what was read. At most one is. */
  #seen: readonly Gap[] = [];

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
    for (let count = 0, attempts = 0; count < most; ) {
      const known = this.#last;
      const start = this.#position - known.length;
      const piece = await readAt(this.#descriptor, start, known.length + PIECE);
      if (!piece.subarray(0, known.length).equals(known)) {
        const missing = await this.#findPosition();
        if (missing === undefined && this.size >= this.#position && ++attempts < ATTEMPTS) {
          await sleep(PAUSE);
          continue;
        }
        if (missing === undefined) {
          // Somebody else has changed the file.
          this.#goOnAt(this.size);
          this.#seen = [];
        }
        if (missing !== 0) reader.tellMissing(missing ?? null);
        continue;
      }
      attempts = 0;
      const fresh = piece.subarray(known.length);
      if (fresh.length === 0) return;
      await reader.print(fresh);
      count += fresh.length;
      this.#position += fresh.length;
      this.#last = Buffer.from(piece.subarray(-MEMORY));
      this.#seen = [...this.#seen.filter((gap) => gap.start < start), ...findGaps(piece, start, this.size)];
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /**
   * Finds where the output goes on that was read up to now. What looks like our line for a gap may be part of the output: what was read last must be
   * found again, if it is still there. Returns how many bytes are not there any more; `undefined` if the place is not known.
   */
  async #findPosition(): Promise<number | undefined> {
    const gaps = await this.#findGaps();
    const beliefs = [...this.#seen, null];
    let best: { readonly gap: Gap; readonly read: number; readonly same: number } | null = null;
    for (const gap of gaps) {
      for (const belief of beliefs) {
        const read = outputBefore(this.#position, belief);
        const same = await this.#countSame(gap, read);
        if (same > (best?.same ?? -1)) best = { gap, read, same };
      }
    }
    if (best === null) return undefined;
    const { gap, read } = best;
    const behindGap = gap.start + gap.bytes;
    this.#seen = [gap];
    this.#goOnAt(Math.max(read, behindGap) - gap.bytes + GAP_LENGTH);
    return Math.max(0, behindGap - read);
  }

  /** How many bytes that were read last are there if this is the gap; negative if it cannot be. */
  async #countSame(gap: Gap, read: number): Promise<number> {
    const behind = gap.start + GAP_LENGTH;
    const position = read - gap.bytes + GAP_LENGTH;
    const count = Math.min(this.#last.length, Math.max(0, position - behind));
    if (count === 0) return 0;
    const found = await readAt(this.#descriptor, position - count, count);
    return found.equals(this.#last.subarray(-count)) ? count : -1;
  }

  async #findGaps(): Promise<readonly Gap[]> {
    const gaps = new Map<number, Gap>();
    for (let start = 0; ; start += PIECE) {
      const piece = await readAt(this.#descriptor, start, PIECE + GAP_LENGTH);
      for (const gap of findGaps(piece, start, this.size)) gaps.set(gap.start, gap);
      if (piece.length < PIECE) return [...gaps.values()];
    }
  }

  #goOnAt(position: number): void {
    this.#position = position;
    this.#last = Buffer.alloc(0);
  }
}

/** How many bytes of the output are before a position of the file. */
function outputBefore(position: number, gap: Gap | null): number {
  return gap === null || position < gap.start + GAP_LENGTH ? position : position - GAP_LENGTH + gap.bytes;
}
