import { describe, expect, it } from 'vitest';
import { writeAll } from '../../../src/cli/terminal/write-all.js';

/** @param outcomes What each call of write(2) comes to: so many bytes, or an error. */
function output(...outcomes: (number | string)[]) {
  const written: string[] = [];
  const write = async (_descriptor: number, chunk: Buffer, offset: number) => {
    const outcome = outcomes.shift() ?? chunk.length - offset;
    if (typeof outcome === 'string') throw Object.assign(new Error(outcome), { code: outcome });
    written.push(chunk.toString('utf8', offset, offset + outcome));
    return { bytesWritten: outcome };
  };
  return { written, done: writeAll(1, Buffer.from('output'), write) };
}

describe('output', () => {
  it('is written in as many parts as the other side takes', async () => {
    const { written, done } = output(2, 1);
    await done;
    expect(written).toEqual(['ou', 't', 'put']);
  });

  it('waits where a pipe that does not block is full', async () => {
    const { written, done } = output('EAGAIN', 2, 'EAGAIN', 'EAGAIN');
    await done;
    expect(written).toEqual(['ou', 'tput']);
  });

  it.each(['EPIPE', 'ENOSPC'])('that cannot be written rejects with %s', async (code) => {
    await expect(output(2, code).done).rejects.toMatchObject({ code });
  });
});
