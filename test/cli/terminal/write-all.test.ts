import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { writeAll } from '../../../src/cli/terminal/write-all.js';

/** What each call of write(2) comes to: so many bytes, or an error. */
let outcomes: (number | string)[];
const written: string[] = [];

vi.mock(import('node:fs'), async (load) => {
  const fs = await load();
  const writeOnce = async (_: number, chunk: Buffer, offset: number) => {
    const outcome = outcomes.shift() ?? chunk.length - offset;
    if (typeof outcome === 'string') throw Object.assign(new Error(outcome), { code: outcome });
    written.push(chunk.toString('utf8', offset, offset + outcome));
    return { bytesWritten: outcome };
  };
  const write: unknown = Object.assign(() => {}, { [promisify.custom]: writeOnce });
  return { ...fs, ...Object({ write }) };
});

beforeEach(() => {
  written.length = 0;
});

describe('output', () => {
  it('is written in as many parts as the other side takes', async () => {
    outcomes = [2, 1];
    await writeAll(1, Buffer.from('output'));
    expect(written).toEqual(['ou', 't', 'put']);
  });

  it('waits where a pipe that does not block is full', async () => {
    outcomes = ['EAGAIN', 2, 'EAGAIN', 'EAGAIN'];
    await writeAll(1, Buffer.from('output'));
    expect(written).toEqual(['ou', 'tput']);
  });

  it.each(['EPIPE', 'ENOSPC'])('that cannot be written rejects with %s', async (code) => {
    outcomes = [2, code];
    await expect(writeAll(1, Buffer.from('output'))).rejects.toMatchObject({ code });
  });
});
