import {
  closeSync,
  ftruncateSync,
  openSync,
  readSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrowingLog } from '../../../src/cli/logs/growing-log.js';
import { BoundedLog, CUTTING, GAP_LENGTH } from '../../../src/cli/run/output/kept/bounded-log.js';
import { temporaryFolder } from '../../../support/world.js';

/**
 * A log of that size, and what writes it.
 *
 * @param pause Between two system calls.
 */
function someLog(limit: number, pause = async () => {}) {
  const path = join(temporaryFolder(), 'log');
  const descriptor = openSync(path, 'w+');
  const log = new BoundedLog(
    {
      async write(data, position) {
        await pause();
        writeSync(descriptor, data, 0, data.length, position);
      },
      async read(position, length) {
        await pause();
        const buffer = Buffer.alloc(length);
        expect(readSync(descriptor, buffer, 0, length, position)).toBe(length);
        return buffer;
      },
      async truncate(length) {
        await pause();
        ftruncateSync(descriptor, length);
      },
    },
    limit,
  );
  return { path, write: (chunk: Buffer) => log.write(chunk), close: () => closeSync(descriptor) };
}

/** Reads as `logs -f` does. */
function reading(path: string) {
  const log = new GrowingLog(path);
  const seen: { text: string; readonly pieces: (string | number)[] } = { text: '', pieces: [] };
  const reader = {
    async print(piece: Buffer) {
      seen.text += piece.toString('latin1');
      seen.pieces.push(piece.toString('latin1'));
    },
    tellMissing(bytes: number | null) {
      seen.pieces.push(bytes ?? 'changed');
    },
  };
  return { seen, readOn: (most?: number) => log.readOn(reader, most), close: () => log.close() };
}

/** Numbered, so that no part of the output is like another. */
function lines(from: number, to: number): Buffer {
  return Buffer.from(
    Array.from({ length: to - from }, (_, index) => `${String(from + index).padStart(7)}\n`).join(''),
  );
}

/** Whether these are the whole output: parts of it, and numbers of bytes that were left out between them. */
function expectToCover(pieces: readonly (string | number)[], output: string): void {
  // As one text: the line for what was left out begins with a newline, which may have been read before as part of the output.
  const text = pieces
    .map((piece) =>
      typeof piece === 'number' ? `\n[livinglock: ${piece} bytes are left out here]\n` : piece,
    )
    .join('');
  let position = 0;
  for (const [index, part] of text.split(/\n\[livinglock: (\d+) bytes are left out here\] *\n/).entries()) {
    const isMissing = index % 2 === 1;
    if (!isMissing) expect(part).toBe(output.slice(position, position + part.length));
    position += isMissing ? Number(part) : part.length;
  }
  expect(position).toBe(output.length);
}

describe('a log that is being written', () => {
  it('is read up to its end, again and again', async () => {
    const { path, write, close } = someLog(4096);
    const { seen, readOn, close: end } = reading(path);
    await readOn();
    expect(seen.text).toBe('');
    await write(Buffer.from('one'));
    await readOn();
    await write(Buffer.from(' two'));
    await readOn();
    await readOn();
    expect(seen.pieces).toEqual(['one', ' two']);
    end();
    close();
  });

  it('is read without a gap or a repetition, however often its middle is cut out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 400, max: 2000 }),
        fc.array(fc.record({ count: fc.nat(100), isRead: fc.boolean() }), { minLength: 5, maxLength: 40 }),
        async (limit, steps) => {
          const { path, write, close } = someLog(limit);
          const { seen, readOn, close: end } = reading(path);
          let written = 0;
          for (const { count, isRead } of steps) {
            await write(lines(written, written + count));
            written += count;
            if (isRead) await readOn();
          }
          await readOn();
          end();
          close();
          expectToCover(seen.pieces, lines(0, written).toString());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is read without a gap or a repetition while its middle is being cut out', async () => {
    const pauses = fc.array(fc.nat(4), { minLength: 10, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 400, max: 2000 }),
        pauses,
        pauses,
        async (limit, whileWritten, whileRead) => {
          const pausing = (turns: readonly number[]) => {
            let calls = 0;
            return async () => {
              for (let left = turns[calls++ % turns.length] ?? 0; left > 0; left--)
                await new Promise(setImmediate);
            };
          };
          const pauseOfWriter = pausing(whileWritten);
          const pauseOfReader = pausing(whileRead);
          const { path, write, close } = someLog(limit, pauseOfWriter);
          const { seen, readOn, close: end } = reading(path);
          let written = 0;
          let isOver = false;
          const writing = async () => {
            for (; written < 1000; written += 30) await write(lines(written, written + 30));
            isOver = true;
          };
          const following = async () => {
            for (; !isOver; await pauseOfReader()) await readOn();
            await readOn();
          };
          await Promise.all([writing(), following()]);
          end();
          close();
          expectToCover(seen.pieces, lines(0, written).toString());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is read on although its writer was killed while it cut the middle out', async () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, Buffer.concat([lines(0, 100), CUTTING]));
    const { seen, readOn, close } = reading(path);
    await readOn();
    expect(seen.text).toBe(`${lines(0, 100)}${CUTTING}`);
    close();
  });

  it('is read without a gap or a repetition, whatever the output contains that looks like one', async () => {
    const limit = 1000;
    const share = Math.floor((limit - GAP_LENGTH) / 3);
    const numbers = fc.oneof(
      fc.constantFrom<number>(5, Number.NaN, Number.POSITIVE_INFINITY, -100_000, 2 ** 60),
      fc.integer(),
      // What could stand there.
      fc.nat(20).map((times) => GAP_LENGTH + times * share),
    );
    const line = numbers.map(
      (bytes) => `\n[livinglock: ${bytes} bytes are left out here]${''.padEnd(16 - String(bytes).length)}\n`,
    );
    const steps = fc.array(fc.oneof(line, fc.integer({ min: 1, max: 25 })), { minLength: 30, maxLength: 90 });
    const atHead = limit - GAP_LENGTH - 2 * share;
    await fc.assert(
      fc.asyncProperty(steps, fc.boolean(), line, async (parts, isAtHead, first) => {
        const { path, write, close } = someLog(limit);
        const { seen, readOn, close: end } = reading(path);
        let output = '';
        const add = async (text: string) => {
          await write(Buffer.from(text));
          await readOn();
          output += text;
        };
        // As the log of another run is shown first, which has the same size.
        if (isAtHead) await add(lines(0, 100).toString().slice(0, atHead));
        if (isAtHead) await add(first);
        let written = 100;
        for (const part of parts) {
          await add(typeof part === 'string' ? part : lines(written, written + part).toString());
          written += 25;
        }
        end();
        close();
        expect(seen.pieces.join('')).toBe(output);
      }),
      { numRuns: 50 },
    );
  });

  it('is read from late on without a gap or a repetition, if it begins with the log of another run', async () => {
    const limit = 1000;
    const share = Math.floor((limit - GAP_LENGTH) / 3);
    const head = limit - GAP_LENGTH - 2 * share;
    const { path, write, close } = someLog(limit);
    const { seen, readOn, close: end } = reading(path);
    const number = String(GAP_LENGTH + 3 * share);
    let output = '';
    const add = async (text: string) => {
      await write(Buffer.from(text));
      output += text;
    };
    await add(lines(0, 100).toString().slice(0, head));
    await add(`\n[livinglock: ${number} bytes are left out here]${''.padEnd(16 - number.length)}\n`);
    // So much that the line could be one of this log.
    await add(lines(100, 200).toString().slice(0, share));
    for (let written = 200; written < 400; written += 5) {
      await readOn();
      await add(lines(written, written + 5).toString());
    }
    await readOn();
    end();
    close();
    expect(seen.pieces.join('')).toBe(output);
  });

  it('is read no further than asked for', async () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, Buffer.alloc(1_000_000, 'a'));
    const { seen, readOn, close } = reading(path);
    await readOn(1);
    expect(seen.text.length).toBeLessThan(1_000_000);
    await readOn();
    expect(seen.text.length).toBe(1_000_000);
    close();
  });

  it('goes on at its end if somebody else has cut it', async () => {
    const path = join(temporaryFolder(), 'log');
    writeFileSync(path, lines(0, 100));
    const { seen, readOn, close } = reading(path);
    await readOn();
    truncateSync(path, 100);
    await readOn();
    expect(seen.pieces).toEqual([lines(0, 100).toString(), 'changed']);
    close();
  });

  it('must be a regular file', () => {
    expect(() => new GrowingLog(temporaryFolder())).toThrow();
    expect(() => new GrowingLog(join(temporaryFolder(), 'none'))).toThrow('ENOENT');
  });
});
