import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BoundedLog } from '../../../../../src/cli/run/output/kept/bounded-log.js';
import { HeldOutput, Spool } from '../../../../../src/cli/run/output/kept/held-output.js';
import { systemError, temporaryFolder } from '../../../../../support/world.js';
import { messages } from '../../stage.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('output that is held back', () => {
  let folder: string;
  let descriptor: number;
  let said: readonly string[];
  const passedOn = () => readFileSync(join(folder, 'out'), 'utf8');
  const heldIn = (spool: () => Spool, most = 1000) =>
    new HeldOutput({ source: Readable.from([]), descriptor, name: 'stdout' }, spool, most);

  beforeEach(() => {
    folder = temporaryFolder();
    descriptor = openSync(join(folder, 'out'), 'w');
    onTestFinished(() => closeSync(descriptor));
    said = messages();
  });

  it('is passed on at the end, attempt by attempt, and leaves no file behind', async () => {
    const spool = new Spool(folder);
    const attempts = ['first\n', 'second, and last', 'third\n'].map((text) => {
      return { text, held: heldIn(() => spool) };
    });
    for (const { text, held } of attempts) {
      expect(held.state).toBe('empty');
      for (const part of text.match(/.{1,3}/gs) ?? []) await held.write(Buffer.from(part));
      expect(held.state).toBe('held');
      expect(held.isLineOpen).toBe(!text.endsWith('\n'));
    }
    expect(passedOn()).toBe('');
    expect(readdirSync(folder)).toEqual(['out']);
    for (const { held } of attempts) await held.release();
    expect(passedOn()).toBe('first\nsecond, and lastthird\n');
    expect(attempts.map(({ held }) => held.state)).toEqual(['passed on', 'passed on', 'passed on']);
    // Only once.
    for (const { held } of attempts) await held.release();
    expect(passedOn()).toHaveLength('first\nsecond, and lastthird\n'.length);
    expect(said).toEqual([]);
  });

  it('is passed on at once where there is no file for it', async () => {
    const takeSpool = vi.fn((): never => {
      throw systemError('EROFS', 'open');
    });
    const held = heldIn(takeSpool);
    await held.write(Buffer.from('first '));
    await held.write(Buffer.from('second'));
    expect(passedOn()).toBe('first second');
    expect(held.state).toBe('passed on');
    expect(takeSpool).toHaveBeenCalledOnce();
    expect(said.join('')).toContain("The command's stdout cannot be held back: EROFS");
  });

  it('is passed on when the disk is full, and gives its room back', async () => {
    const spool = new Spool(folder);
    const held = heldIn(() => spool, 10_000);
    await held.write(Buffer.from('first '));
    const { writePart } = BoundedLog.prototype;
    const clear = vi.spyOn(BoundedLog.prototype, 'clear');
    vi.spyOn(BoundedLog.prototype, 'writePart')
      .mockImplementationOnce(function (this: BoundedLog, chunk) {
        return writePart.call(this, chunk.subarray(0, 3));
      })
      .mockRejectedValueOnce(systemError('ENOSPC', 'write'));
    await held.write(Buffer.from('second '));
    await held.write(Buffer.from('third'));
    expect(passedOn()).toBe('first second third');
    expect(said.join('')).toContain('cannot be held back: ENOSPC');
    expect(clear).toHaveBeenCalledOnce();
    await held.release();
    expect(passedOn()).toBe('first second third');
  });

  it.each(['EPIPE', 'EIO'])('is lost if its reader is gone, or reports that: %s', async (code) => {
    const spool = new Spool(folder);
    const held = heldIn(() => spool);
    await held.write(Buffer.from('first'));
    vi.spyOn(BoundedLog.prototype, 'read').mockImplementation(() => {
      throw systemError(code, 'write');
    });
    await held.release();
    expect(said.length).toBe(code === 'EPIPE' ? 0 : 1);
  });

  it('has no open line before it has begun', async () => {
    const held = heldIn(() => new Spool(folder));
    expect(held.isLineOpen).toBe(false);
    await held.write(Buffer.alloc(0));
    expect(held.isLineOpen).toBe(false);
    await held.release();
    expect(passedOn()).toBe('');
  });

  it('gives no message if it is passed on while more of it is being held back', async () => {
    const spool = new Spool(folder);
    const held = heldIn(() => spool);
    await held.write(Buffer.from('first'));
    // More than fits, so it is written in parts.
    const writing = held.write(Buffer.alloc(2000));
    await held.release();
    await writing;
    expect(passedOn()).toMatch(/^first/);
    expect(said).toEqual([]);
  });
});
