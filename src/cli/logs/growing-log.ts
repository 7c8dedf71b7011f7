import { closeSync, fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openToRead } from '../../system/files/open-to-read.js';
import { CUTTING, findGaps, GAP_LENGTH, type Gap } from '../run/output/kept/bounded-log.js';
import { readAt } from '../run/output/kept/whole-file.js';

const PIECE = 256 * 1024;
/** By so many bytes that were read last it is recognized whether the next ones still follow them. No shorter than the line for a gap. */
const MEMORY = 64;
/** How often to look again, and after how many milliseconds, while the middle is being cut out. */
const ATTEMPTS = 10;
const PAUSE = 20;

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

/** Up to where the log was read. */
interface Place {
  readonly position: number;
  /** What is there before that position. */
  readonly last: Buffer;
  /** What may be the gap, of what was read. At most one is. */
  readonly gaps: readonly Gap[];
}

/** A gap, if the output that was read ends before it or in it. */
interface Match {
  readonly gap: Gap;
  /** How many bytes of the output were read. */
  readonly read: number;
}

/** What comes next in the log, which at its end is no output, and where to go on behind it. */
type Next =
  | { readonly is: 'output'; readonly bytes: Buffer; readonly behind: Place }
  /** So many bytes that were not read have been cut out of the middle. */
  | { readonly is: 'moved'; readonly missing: number; readonly behind: Place }
  /** Somebody else has changed the file. */
  | { readonly is: 'changed'; readonly missing: null; readonly behind: Place };

/** A log that may still be written. When its middle is cut out meanwhile, what is read next has moved. */
export class GrowingLog {
  readonly #descriptor: number;
  #place: Place = { position: 0, last: Buffer.alloc(0), gaps: [] };
  /** When the file was last written, if its middle is being cut out and nobody goes on with that. */
  #unfinished: number | null = null;

  /** Throws the system's error if it cannot be read. */
  constructor(path: string) {
    this.#descriptor = openToRead(path);
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
      const next = await this.#nextForCertain();
      if (next.is === 'output') {
        if (next.bytes.length === 0) return;
        await reader.print(next.bytes);
        count += next.bytes.length;
      } else if (next.missing !== 0) {
        reader.tellMissing(next.missing);
      }
      this.#place = next.behind;
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Looks again while it may still become clear what comes next. */
  async #nextForCertain(): Promise<Next> {
    for (let attempts = 1, lookedAt = 0; ; attempts++) {
      const next = await this.#next();
      // Whoever cuts the middle out is at it.
      if (next === null && this.#modifiedAt !== lookedAt) attempts = 1;
      lookedAt = this.#modifiedAt;
      const mayBecomeClear = next?.is === 'changed' && this.size >= this.#place.position;
      if (next !== null && (!mayBecomeClear || attempts >= ATTEMPTS)) return next;
      if (attempts < ATTEMPTS) await sleep(PAUSE);
      // The writer was killed meanwhile, or is stopped.
      else this.#unfinished = lookedAt;
    }
  }

  /** `null` if the middle is being cut out, or was meanwhile. */
  async #next(): Promise<Next | null> {
    const { position, last, gaps } = this.#place;
    const start = position - last.length;
    const piece = await this.#readUncut(start, last.length + PIECE);
    if (piece === null) return null;
    if (!piece.bytes.subarray(0, last.length).equals(last)) return this.#findPlace();
    const bytes = piece.bytes.subarray(last.length);
    const behind = {
      position: position + bytes.length,
      last: Buffer.from(piece.bytes.subarray(-MEMORY)),
      gaps: [...gaps.filter((gap) => gap.start < start), ...findGaps(piece.bytes, start, piece.size)],
    };
    return { is: 'output', bytes, behind };
  }

  /** Finds where the output goes on that was read up to now. */
  async #findPlace(): Promise<Next | null> {
    const match = await this.#bestMatch();
    if (match === null) {
      if ((await this.#uncutSize()) === null) return null;
      return {
        is: 'changed',
        missing: null,
        behind: { position: this.size, last: Buffer.alloc(0), gaps: [] },
      };
    }
    const { gap, read } = match;
    const behindGap = gap.start + gap.bytes;
    const position = Math.max(read, behindGap) - gap.bytes + GAP_LENGTH;
    const start = Math.max(gap.start, position - MEMORY);
    const last = await this.#readUncut(start, position - start);
    const line = await this.#readUncut(gap.start, GAP_LENGTH);
    if (last === null || line === null) return null;
    const [same] = findGaps(line.bytes, gap.start, line.size);
    // It was cut out again meanwhile.
    if (same?.bytes !== gap.bytes) return null;
    const behind = { position, last: last.bytes, gaps: [gap] };
    return { is: 'moved', missing: Math.max(0, behindGap - read), behind };
  }

  /** What looks like our line for a gap may be part of the output: what was read last must be found again, if it is still there. */
  async #bestMatch(): Promise<Match | null> {
    let best: Match | null = null;
    let most = -1;
    for (const gap of await this.#findGaps()) {
      for (const belief of [...this.#place.gaps, null]) {
        const read = outputBefore(this.#place.position, belief);
        const same = await this.#countSame(gap, read, belief);
        if (same <= most) continue;
        best = { gap, read };
        most = same;
      }
    }
    return best;
  }

  /** How many bytes that were read last are there if this is the gap; negative if it cannot be. */
  async #countSame(gap: Gap, read: number, belief: Gap | null): Promise<number> {
    const behind = gap.start + GAP_LENGTH;
    const position = read - gap.bytes + GAP_LENGTH;
    // What was read last may begin with the line for the gap, which is not output.
    const sinceGap = belief === null ? -1 : this.#place.position - belief.start - GAP_LENGTH;
    const { last } = this.#place;
    const output = sinceGap >= 0 ? Math.min(last.length, sinceGap) : last.length;
    const count = Math.min(output, Math.max(0, position - behind));
    if (count === 0) return 0;
    const found = await readAt(this.#descriptor, position - count, count);
    return found.equals(last.subarray(-count)) ? count : -1;
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
}

/** How many bytes of the output are before a position of the file. */
function outputBefore(position: number, gap: Gap | null): number {
  return gap === null || position < gap.start + GAP_LENGTH ? position : position - GAP_LENGTH + gap.bytes;
}
