import childProcess from 'node:child_process';
import { fstatSync, readdirSync, writeSync } from 'node:fs';
import os from 'node:os';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeRealPipes } from '../../../src/cli/run/real-pipes.js';
import { pretend, replace } from '../../../support/replace.js';
import { temporaryFolder } from '../../../support/world.js';

describe.runIf(process.platform !== 'win32')('a pipe for output', () => {
  it('is a named one, whose name is gone at once', async () => {
    const folder = temporaryFolder();
    replace(os, { tmpdir: () => folder });
    const [pipe] = makeRealPipes(1) ?? [];
    if (pipe === undefined) throw new Error('No pipe could be made.');
    expect(readdirSync(folder)).toEqual([]);
    expect(fstatSync(pipe.writing).isFIFO()).toBe(true);
    expect(fstatSync(pipe.writing).mode & 0o777).toBe(0o600);
    writeSync(pipe.writing, 'hello');
    expect(await text(pipe.open())).toBe('hello');
  });

  it('is one of as many as are asked for', () => {
    const pipes = makeRealPipes(2) ?? [];
    expect(pipes).toHaveLength(2);
    expect(new Set(pipes.map(({ writing }) => fstatSync(writing).ino)).size).toBe(2);
    for (const pipe of pipes) pipe.open().destroy();
    expect(makeRealPipes(0)).toEqual([]);
  });

  it('is made whatever TMPDIR and PATH are', () => {
    vi.stubEnv('TMPDIR', '/proc/none');
    vi.stubEnv('PATH', '/proc/none');
    onTestFinished(() => void vi.unstubAllEnvs());
    const [pipe] = makeRealPipes(1) ?? [];
    expect(pipe).toBeDefined();
    pipe?.open().destroy();
  });

  it('cannot be made without mkfifo, or on Windows', () => {
    const folder = temporaryFolder();
    replace(os, { tmpdir: () => folder });
    const failing: object = { spawnSync: () => ({ status: 1 }) };
    replace(childProcess, failing);
    expect(makeRealPipes(1)).toBeNull();
    // It claims to have made them.
    const lying: object = { spawnSync: () => ({ status: 0 }) };
    replace(childProcess, lying);
    expect(makeRealPipes(1)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
    pretend('win32');
    expect(makeRealPipes(1)).toBeNull();
    expect(makeRealPipes(0)).toEqual([]);
  });
});
