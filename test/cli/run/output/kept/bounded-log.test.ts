import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BoundedLog,
  CUTTING,
  findGaps,
  GAP_LENGTH as GAP,
  type Gap,
  type LogFile,
} from '../../../../../src/cli/run/output/kept/bounded-log.js';

/** A file in memory, which can be full, or gone, after a number of calls that change it. */
class MemoryFile implements LogFile {
  content = Buffer.alloc(0);
  callsLeft = Number.POSITIVE_INFINITY;

  async write(data: Buffer, position: number): Promise<void> {
    this.#change();
    const content = Buffer.alloc(Math.max(this.content.length, position + data.length));
    this.content.copy(content);
    data.copy(content, position);
    this.content = content;
  }

  async read(position: number, length: number): Promise<Buffer> {
    expect(position + length).toBeLessThanOrEqual(this.content.length);
    return Buffer.from(this.content.subarray(position, position + length));
  }

  async truncate(length: number): Promise<void> {
    this.#change();
    this.content = this.content.subarray(0, length);
  }

  #change(): void {
    if (this.callsLeft-- <= 0) throw new Error('killed');
  }
}

const limits = fc.integer({ min: GAP + 3, max: 600 });
/** Chunks of a long output, no two parts of which are alike. */
const outputs = fc.array(fc.nat(300), { minLength: 5, maxLength: 40 }).map((lengths) => {
  let written = 0;
  return lengths.map((length) => Buffer.from(Array.from({ length }, () => (written++ * 7919) % 251)));
});

/** How much of the beginning and of the end is kept at least. */
function shareOf(limit: number): number {
  return Math.floor((limit - GAP) / 3);
}

/** The first line for what is left out. */
function gapIn({ content }: MemoryFile): Gap | undefined {
  return findGaps(content, 0, content.length)[0];
}

describe('a log of bounded size', () => {
  it('is the output itself, as long as that fits', async () => {
    await fc.assert(
      fc.asyncProperty(outputs, async (chunks) => {
        const output = Buffer.concat(chunks);
        const file = new MemoryFile();
        const log = new BoundedLog(file, Math.max(output.length, GAP + 3));
        for (const chunk of chunks) await log.write(chunk);
        expect(file.content).toEqual(output);
      }),
    );
  });

  it('is read piece by piece, and gives its room back', async () => {
    const file = new MemoryFile();
    const log = new BoundedLog(file, 1_000_000);
    const output = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 7919) % 251));
    await log.write(output);
    const pieces: Buffer[] = [];
    for await (const piece of log.read()) {
      pieces.push(piece);
      // It comes too late.
      await log.write(Buffer.from('more'));
    }
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces)).toEqual(output);
    await log.clear();
    expect([log.size, file.content.length]).toEqual([0, 0]);
  });

  it('cannot be read to its end if somebody has truncated the file', async () => {
    const file = new MemoryFile();
    const log = new BoundedLog(file, 1000);
    await log.write(Buffer.from('output'));
    file.read = async () => Buffer.alloc(0);
    await expect(log.read().next()).rejects.toThrow('truncated');
  });

  it('has the beginning and the end of any longer output, with every byte, and says how many are missing', async () => {
    await fc.assert(
      fc.asyncProperty(limits, outputs, async (limit, chunks) => {
        const output = Buffer.concat(chunks);
        fc.pre(output.length > limit);
        const file = new MemoryFile();
        const log = new BoundedLog(file, limit);
        for (const chunk of chunks) {
          await log.write(chunk);
          expect(file.content.length).toBeLessThanOrEqual(limit);
        }
        const gap = gapIn(file);
        if (gap === undefined) throw new Error('There is no line about what is missing.');
        const head = file.content.subarray(0, gap.start);
        const tail = file.content.subarray(gap.start + GAP);
        expect(head).toEqual(output.subarray(0, head.length));
        expect(tail).toEqual(output.subarray(output.length - tail.length));
        expect(gap.bytes).toBe(output.length - head.length - tail.length);
        expect(Math.min(head.length, tail.length)).toBeGreaterThanOrEqual(shareOf(limit));
      }),
    );
  });

  it('has the beginning and the end, whenever its writer is killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: GAP + 3, max: 200 }),
        outputs,
        fc.nat(1000),
        async (limit, chunks, calls) => {
          const file = new MemoryFile();
          const log = new BoundedLog(file, limit);
          file.callsLeft = calls;
          let written = Buffer.alloc(0);
          try {
            for (const chunk of chunks) {
              // One byte at a time, to know which ones have been written.
              for (const byte of chunk) {
                await log.write(Buffer.of(byte));
                written = Buffer.concat([written, Buffer.of(byte)]);
              }
            }
          } catch {
            // Killed.
          }
          const share = Math.min(shareOf(limit), written.length);
          const isCut = file.content.subarray(-CUTTING.length).equals(CUTTING);
          const content = isCut ? file.content.subarray(0, -CUTTING.length) : file.content;
          expect(content.subarray(0, share)).toEqual(written.subarray(0, share));
          expect(content.subarray(content.length - share)).toEqual(written.subarray(written.length - share));
        },
      ),
    );
  });

  it('does not take similar lines of the output for its own', async () => {
    const file = new MemoryFile();
    const log = new BoundedLog(file, 300);
    await log.write(Buffer.from('\n[livinglock: x\n[livinglock: 12345678901234567890'));
    expect(gapIn(file)).toBeUndefined();
    await log.write(Buffer.alloc(1000, 'a'));
    expect(gapIn(file)?.bytes).toBeGreaterThan(0);
  });
});
