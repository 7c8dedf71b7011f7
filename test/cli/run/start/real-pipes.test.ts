import childProcess from 'node:child_process';
import {
  existsSync,
  fstatSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeRealPipes } from '../../../../src/cli/run/start/real-pipes.js';
import { pretend, replace } from '../../../../support/replace.js';
import { temporaryFolder } from '../../../../support/world.js';

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

  // Whoever owns the folder that TMPDIR names can put something else in its place.
  it.each([
    ['a link to a file', symlinkSync],
    ['a second name of a file', linkSync],
  ])('is never %s', (_, plant) => {
    const file = join(temporaryFolder(), 'mine');
    writeFileSync(file, 'mine');
    const folder = temporaryFolder();
    replace(os, { tmpdir: () => folder });
    const planting: object = {
      spawnSync: (_program: string, [, , path = '']: string[]) => {
        plant(file, path);
        return { status: 0 };
      },
    };
    replace(childProcess, planting);
    const pipes = makeRealPipes(1);
    for (const { writing } of pipes ?? []) writeSync(writing, 'output');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(pipes).toBeNull();
  });

  it('leaves alone what somebody else puts beside it', () => {
    const others: string[] = [];
    const planting: object = {
      spawnSync: (_program: string, [, , path = '']: string[]) => {
        const other = join(dirname(path), 'other');
        writeFileSync(other, 'not ours');
        others.push(other);
        return { status: 1 };
      },
    };
    const folder = temporaryFolder();
    replace(os, { tmpdir: () => folder });
    replace(childProcess, planting);
    onTestFinished(() => {
      for (const other of others) rmSync(dirname(other), { recursive: true, force: true });
    });
    expect(makeRealPipes(1)).toBeNull();
    expect(others.map((other) => existsSync(other))).toEqual(others.map(() => true));
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
