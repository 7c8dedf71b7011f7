/** A file at whose positions a log is written. All calls write or read as much as they are asked for, or reject. */
export interface LogFile {
  write(data: Buffer, position: number): Promise<void>;
  read(position: number, length: number): Promise<Buffer>;
  truncate(length: number): Promise<void>;
}

/** Bytes that are moved at once. */
const PIECE = 256 * 1024;
/** Wide enough for any number of bytes, so that the line always takes the same room. */
const DIGITS = 16;

/** A line of ours between parts of an output. */
export function lineOfOurs(text: string): Buffer {
  return Buffer.from(`\n[livinglock: ${text}]\n`);
}

/** The line that stands for what is left out. */
function gapLine(bytes: number): Buffer {
  return lineOfOurs(`${String(bytes).padStart(DIGITS)} bytes are left out here`);
}

export const GAP_LENGTH = gapLine(0).length;

/** Where a log has a line for what is left out, and how many bytes that is. */
export interface Gap {
  readonly start: number;
  readonly bytes: number;
}

/** Finds the first such line. `null` if there is none. */
export function findGap(log: Buffer): Gap | null {
  const beginning = Buffer.from('\n[livinglock: ');
  for (let start = log.indexOf(beginning); start !== -1; start = log.indexOf(beginning, start + 1)) {
    const bytes = Number(log.toString('latin1', start + beginning.length, start + beginning.length + DIGITS));
    if (gapLine(bytes).equals(log.subarray(start, start + GAP_LENGTH))) return { start, bytes };
  }
  return null;
}

/**
 * A log of bounded size: of a longer output the beginning and the end are kept, at least a third of the limit each, and one line stands for what
 * is left out between them.
 *
 * The end is in the file at any moment, so that it can be read meanwhile, and whatever kills this process: output is appended, and when the limit is
 * reached, the last third is copied over the middle one. Only then is the file made shorter.
 */
export class BoundedLog {
  readonly #file: LogFile;
  readonly #limit: number;
  /** How much of the end is kept at least, and how much of the beginning exactly. */
  readonly #tail: number;
  readonly #head: number;
  #size = 0;
  #leftOut = 0;

  /** @param limit Bytes. */
  constructor(file: LogFile, limit: number) {
    this.#file = file;
    this.#limit = limit;
    this.#tail = Math.floor((limit - GAP_LENGTH) / 3);
    this.#head = limit - GAP_LENGTH - 2 * this.#tail;
  }

  /** Adds output. Calls must not overlap. Rejects as the file does. */
  async write(chunk: Buffer): Promise<void> {
    for (let written = 0; written < chunk.length; ) {
      if (this.#size === this.#limit) await this.#makeRoom();
      const part = chunk.subarray(written, written + this.#limit - this.#size);
      await this.#file.write(part, this.#size);
      this.#size += part.length;
      written += part.length;
    }
  }

  async #makeRoom(): Promise<void> {
    const gap = this.#head;
    const start = gap + GAP_LENGTH;
    const from = this.#limit - this.#tail;
    for (let moved = 0; moved < this.#tail; moved += PIECE) {
      const piece = await this.#file.read(from + moved, Math.min(PIECE, this.#tail - moved));
      await this.#file.write(piece, start + moved);
    }
    this.#leftOut += this.#leftOut === 0 ? from - gap : from - start;
    await this.#file.write(gapLine(this.#leftOut), gap);
    this.#size = start + this.#tail;
    await this.#file.truncate(this.#size);
  }
}
