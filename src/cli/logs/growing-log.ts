import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CUTTING, findGaps, GAP_LENGTH, type Gap } from '../run/kept/bounded-log.js';
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

/** A part of the log, and how long the file was then. */
interface Part {
  readonly bytes: Buffer;
  readonly size: number;
}

/** A log that may still be written. When its middle is cut out meanwhile, what is read next has moved. */
export class GrowingLog {
  readonly #descriptor: number;
  #position = 0;
  #last: Buffer = Buffer.alloc(0);
  /** What may be the gap, of what was read. At most one is. */
  #seen: readonly Gap[] = [];
  /** When the file was last written, if its middle is being cut out and nobody goes on with that. */
  #unfinished: number | null = null;

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
    for (let count = 0, attempts = 0, lookedAt = 0; count < most; ) {
      const known = this.#last;
      const start = this.#position - known.length;
      const piece = await this.#readUncut(start, known.length + PIECE);
      if (piece?.bytes.subarray(0, known.length).equals(known) !== true) {
        const missing = piece && (await this.#findPosition());
        // Whoever cuts the middle out is at it.
        if (missing === null && this.#modifiedAt !== lookedAt) attempts = 0;
        lookedAt = this.#modifiedAt;
        const mayBecomeClear = missing === null || (missing === undefined && this.size >= this.#position);
        if (mayBecomeClear && ++attempts < ATTEMPTS) {
          await sleep(PAUSE);
          continue;
        }
        // The writer was killed meanwhile, or is stopped.
        if (missing === null) this.#unfinished = lookedAt;
        else this.#goOn(missing, reader);
        continue;
      }
      attempts = 0;
      const fresh = piece.bytes.subarray(known.length);
      if (fresh.length === 0) return;
      await reader.print(fresh);
      count += fresh.length;
      this.#goOnAt(this.#position + fresh.length, Buffer.from(piece.bytes.subarray(-MEMORY)));
      this.#seen = [
        ...this.#seen.filter((gap) => gap.start < start),
        ...findGaps(piece.bytes, start, piece.size),
      ];
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #goOn(missing: number | undefined, reader: Reader): void {
    if (missing === undefined) {
      // Somebody else has changed the file.
      this.#goOnAt(this.size, Buffer.alloc(0));
      this.#seen = [];
    }
    if (missing !== 0) reader.tellMissing(missing ?? null);
  }

  /**
   * Finds where the output goes on that was read up to now. What looks like our line for a gap may be part of the output: what was read last must be
   * found again, if it is still there. Returns how many bytes are not there any more; `undefined` if the place is not known, `null` if the middle was
   * cut out again meanwhile.
   */
  async #findPosition(): Promise<number | null | undefined> {
    const gaps = await this.#findGaps();
    const beliefs = [...this.#seen, null];
    let best: { readonly gap: Gap; readonly read: number; readonly same: number } | null = null;
    for (const gap of gaps) {
      for (const belief of beliefs) {
        const read = outputBefore(this.#position, belief);
        const same = await this.#countSame(gap, read, belief);
        if (same > (best?.same ?? -1)) best = { gap, read, same };
      }
    }
    if (best === null) return (await this.#uncutSize()) === null ? null : undefined;
    const { gap, read } = best;
    const behindGap = gap.start + gap.bytes;
    const position = Math.max(read, behindGap) - gap.bytes + GAP_LENGTH;
    const start = Math.max(gap.start, position - MEMORY);
    const last = await this.#readUncut(start, position - start);
    const line = await this.#readUncut(gap.start, GAP_LENGTH);
    if (last === null || line === null) return null;
    const [same] = findGaps(line.bytes, gap.start, line.size);
    if (same?.bytes !== gap.bytes) return null;
    this.#seen = [gap];
    this.#goOnAt(position, last.bytes);
    return Math.max(0, behindGap - read);
  }

  /** How many bytes that were read last are there if this is the gap; negative if it cannot be. */
  async #countSame(gap: Gap, read: number, belief: Gap | null): Promise<number> {
    const behind = gap.start + GAP_LENGTH;
    const position = read - gap.bytes + GAP_LENGTH;
    // What was read last may begin with the line for the gap, which is not output.
    const sinceGap = belief === null ? -1 : this.#position - belief.start - GAP_LENGTH;
    const output = sinceGap >= 0 ? Math.min(this.#last.length, sinceGap) : this.#last.length;
    const count = Math.min(output, Math.max(0, position - behind));
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

  /** Reads a part of the file; `null` if the middle is being cut out, or was meanwhile. */
  async #readUncut(start: number, length: number): Promise<Part | null> {
    if ((await this.#uncutSize()) === null) return null;
    const bytes = await readAt(this.#descriptor, start, length);
    const size = await this.#uncutSize();
    if (size === null) return null;
    const again = await readAt(this.#descriptor, start, bytes.length);
    return again.equals(bytes) ? { bytes, size } : null;
  }

  async #uncutSize(): Promise<number | null> {
    const { size } = this;
    const end = await readAt(this.#descriptor, Math.max(0, size - CUTTING.length), CUTTING.length);
    return end.equals(CUTTING) && this.#modifiedAt !== this.#unfinished ? null : size;
  }

  get #modifiedAt(): number {
    return fstatSync(this.#descriptor).mtimeMs;
  }

  /** @param last What is there before that position. */
  #goOnAt(position: number, last: Buffer): void {
    this.#position = position;
    this.#last = last;
  }
}

/** How many bytes of the output are before a position of the file. */
function outputBefore(position: number, gap: Gap | null): number {
  return gap === null || position < gap.start + GAP_LENGTH ? position : position - GAP_LENGTH + gap.bytes;
}
