import childProcess, { ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { modeFor, type OutputMode, routeFor } from '../../../../src/cli/run/output/output-route.js';
import { replace } from '../../../../support/replace.js';
import { someOptions } from '../stage.js';

type Stream = { readonly ino?: bigint; readonly rdev?: bigint; readonly isFile?: boolean };

/** What stdout and stderr are, as this process sees them. */
function outputs(stdout: Stream, stderr: Stream): void {
  const { fstatSync } = fs;
  const changes: object = {
    fstatSync(descriptor: number, options: fs.StatSyncOptions) {
      const stream = [null, stdout, stderr][descriptor];
      if (!stream) return fstatSync(descriptor, options);
      const { ino = 1n, rdev = 0n, isFile = false } = stream;
      return { dev: 1n, ino, rdev, isFile: () => isFile };
    },
  };
  replace(fs, changes);
}

const FILE = { isFile: true };

describe('how much of the output goes through this process', () => {
  it.each<readonly [OutputMode, 'always' | 'on-failure' | 'never', 'output' | 'alive', boolean]>([
    ['inherited', 'always', 'alive', false],
    ['seen', 'always', 'output', false],
    ['read', 'always', 'alive', true],
    ['read', 'always', 'output', true],
    ['read', 'on-failure', 'alive', false],
    ['read', 'on-failure', 'output', true],
    ['discarded', 'never', 'alive', false],
    ['merged', 'never', 'output', false],
    ['merged', 'never', 'alive', true],
  ])('%s: --output %s, --proof %s, with a log: %s', (mode, passOn, by, isLogged) => {
    const options = someOptions({ output: { passOn, log: null, mostHeld: undefined }, proof: { by } });
    expect(modeFor(options, isLogged)).toBe(mode);
  });
});

describe.runIf(process.platform !== 'win32')('the output of a command', () => {
  /** Runs a script with its output on that route, and returns what is read from each pipe. */
  async function outputOf(script: string, mode: OutputMode = 'seen') {
    const route = routeFor(mode);
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', ...route.stdio] });
    const closed = once(child, 'close');
    const read = route.read(child);
    const texts = await Promise.all(read.map(({ source }) => text(source)));
    await closed;
    return read.map(({ name, descriptor }, index) => ({ name, descriptor, text: texts[index] }));
  }

  it('is inherited where nobody needs to see it', () => {
    const route = routeFor('inherited');
    expect(route.stdio).toEqual(['inherit', 'inherit']);
    expect(route.read(new ChildProcess())).toEqual([]);
  });

  it('is inherited where it is a file', () => {
    outputs(FILE, FILE);
    const route = routeFor('seen');
    expect(route.stdio).toEqual(['inherit', 'inherit']);
    expect(route.read(new ChildProcess())).toEqual([]);
  });

  it('is read from a file where all of it has to be read', async () => {
    outputs({ ...FILE, ino: 5n }, { ...FILE, ino: 5n });
    expect(await outputOf('echo a; echo b >&2', 'read')).toEqual([
      { name: 'stdout and stderr', descriptor: 1, text: 'a\nb\n' },
    ]);
  });

  it('is read from one pipe where nothing is passed on, whatever it goes to', async () => {
    outputs(FILE, { ino: 6n });
    expect(await outputOf('echo a; echo b >&2; echo c', 'merged')).toMatchObject([{ text: 'a\nb\nc\n' }]);
  });

  it('goes nowhere where nobody wants it', async () => {
    expect(await outputOf('echo a; echo b >&2', 'discarded')).toEqual([]);
  });

  it('is read from one pipe where both go to the same thing, in order', async () => {
    outputs({ ino: 5n }, { ino: 5n });
    expect(await outputOf('echo a; echo b >&2; echo c')).toEqual([
      { name: 'stdout and stderr', descriptor: 1, text: 'a\nb\nc\n' },
    ]);
  });

  it.each([
    { what: 'two things', stderr: { ino: 6n } },
    { what: 'two devices', stderr: { ino: 5n, rdev: 1n } },
  ])('is read from two pipes where it goes to $what', async ({ stderr }) => {
    outputs({ ino: 5n }, stderr);
    expect(await outputOf('echo a; echo b >&2')).toEqual([
      { name: 'stdout', descriptor: 1, text: 'a\n' },
      { name: 'stderr', descriptor: 2, text: 'b\n' },
    ]);
  });

  it('is read from two pipes where the system does not number its sockets', async () => {
    outputs({ ino: 0n }, { ino: 0n });
    expect(await outputOf('echo a; echo b >&2')).toHaveLength(2);
  });

  it('is read where it is no file, and only there', async () => {
    outputs(FILE, { ino: 6n });
    expect(await outputOf('echo b >&2')).toEqual([{ name: 'stderr', descriptor: 2, text: 'b\n' }]);
  });

  it.each([
    { stdout: { ino: 5n }, stderr: { ino: 5n }, names: ['stdout', 'stderr'], stdio: ['pipe', 'pipe'] },
    { stdout: FILE, stderr: { ino: 6n }, names: ['stderr'], stdio: ['inherit', 'pipe'] },
    { stdout: { ino: 6n }, stderr: FILE, names: ['stdout'], stdio: ['pipe', 'inherit'] },
  ])(
    'is read from pipes of Node where there are no others: $names',
    async ({ stdout, stderr, names, stdio }) => {
      outputs(stdout, stderr);
      const failing: object = { spawnSync: () => ({ status: 1 }) };
      replace(childProcess, failing);
      expect(routeFor('seen').stdio).toEqual(stdio);
      const script = names.map((name) => (name === 'stdout' ? 'echo a' : 'echo b >&2')).join('; ');
      const read = await outputOf(script);
      expect(read.map(({ name }) => name)).toEqual(names);
      const all = { stdout: 'a\n', stderr: 'b\n' };
      expect(read.map((each) => each.text)).toEqual(names.map((name) => Reflect.get(all, name)));
    },
  );
});
