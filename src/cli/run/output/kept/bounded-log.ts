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
export function lineOfOurs(text: string, padding = ''): Buffer {
  return Buffer.from(`\n[livinglock: ${text}]${padding}\n`);
}

/** The line that stands for what is left out. */
function gapLine(bytes: number): Buffer {
  const number = String(bytes);
  return lineOfOurs(`${number} bytes are left out here`, ''.padEnd(DIGITS - number.length));
}

export const GAP_LENGTH = gapLine(0).length;

/** The end of the file while its middle is cut out, so that whoever reads it meanwhile waits: what is there has moved in part. */
export const CUTTING = lineOfOurs('the middle is being left out');

/** Where a log has a line for what is left out, and how many bytes that is. */
export interface Gap {
  readonly start: number;
  readonly bytes: number;
}

/**
 * Finds all lines that may be such a line. The output may contain such lines, too (for example from `livinglock logs`), but hardly where ours could be with
 * that number.
 *
 * @param offset Where in the file this part of the log is.
 * @param size How long the file is.
 */
export function findGaps(part: Buffer, offset: number, size: number): Gap[] {
  const gaps: Gap[] = [];
  const beginning = Buffer.from('\n[livinglock: ');
  for (let at = part.indexOf(beginning); at !== -1; at = part.indexOf(beginning, at + 1)) {
    const from = at + beginning.length;
    const bytes = Number.parseInt(part.toString('latin1', from, from + DIGITS), 10);
    const gap = { start: offset + at, bytes };
    if (isPossible(gap, size) && gapLine(bytes).equals(part.subarray(at, at + GAP_LENGTH))) gaps.push(gap);
  }
  return gaps;
}

/**
 * In a {@link BoundedLog}, start = head = limit - GAP_LENGTH - 2 * tail, and tail is a third of limit - GAP_LENGTH, rounded down: so it is start, start - 1
 * or start - 2. Each cut leaves out another tail, the first one also GAP_LENGTH. Behind the line are between tail and 2 * tail bytes, and CUTTING if the
 * file was measured during a cut.
 */
function isPossible({ start, bytes }: Gap, size: number): boolean {
  const leftOut = bytes - GAP_LENGTH;
  const behind = size - start - GAP_LENGTH;
  return (
    Number.isSafeInteger(bytes) &&
    [start, start - 1, start - 2].some(
      (tail) =>
        tail > 0 &&
        leftOut >= tail &&
        leftOut % tail === 0 &&
        behind >= tail &&
        behind <= 2 * tail + CUTTING.length,
    )
  );
}

/**
 * A log of bounded size: of a longer output the beginning and the end are kept, at least a third of the limit each, and one line stands for what
 * is left out between them.
 *
 * The end is in the file at any moment, so that it can be read meanwhile, and whatever kills this process: output is appended, and when the limit is
 * reached, the last third is copied over the middle one. Only then is the file made shorter. Meanwhile it is longer than the limit, by one line.
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
    for (let written = 0; written < chunk.length; ) written += await this.writePart(chunk.subarray(written));
  }

  /** Adds the beginning of this output, or rejects and adds nothing. Returns how many bytes that is. */
  async writePart(chunk: Buffer): Promise<number> {
    if (this.#size === this.#limit) await this.#makeRoom();
    const part = chunk.subarray(0, this.#limit - this.#size);
    await this.#file.write(part, this.#size);
    this.#size += part.length;
    return part.length;
  }

  /** How many bytes of the file it takes. */
  get size(): number {
    return this.#size;
  }

  /** What it has in the file now, piece by piece. */
  async *read(): AsyncGenerator<Buffer> {
    const size = this.#size;
    for (let position = 0; position < size; ) {
      const piece = await this.#file.read(position, Math.min(PIECE, size - position));
      if (piece.length === 0) throw new Error('the file that held it has been truncated');
      yield piece;
      position += piece.length;
    }
  }

  /** Gives its room on the disk back. Nothing may be added any more. */
  async clear(): Promise<void> {
    this.#size = 0;
    await this.#file.truncate(0);
  }

  async #makeRoom(): Promise<void> {
    const gap = this.#head;
    const start = gap + GAP_LENGTH;
    const from = this.#limit - this.#tail;
    // If there is no room for it, only a reader may be misled.
    await this.#file.write(CUTTING, this.#limit).catch(() => {});
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
