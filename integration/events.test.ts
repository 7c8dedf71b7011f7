import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/machine.js';

const LIBRARY = new URL('../dist/index.js', import.meta.url);

/** Where the programs keep their lock. */
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

/** Runs the lines of a program that has `acquire`, `channels` and the lock's `path`, and others before it loads the library. */
function run(lines: string, before = '') {
  const program = [
    before,
    `const library = ${JSON.stringify(LIBRARY.href)};`,
    `const path = ${JSON.stringify(join(folder, 'job.lock'))};`,
    'const { acquire, channels } = await import(library);',
    lines,
  ].join('\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  return { status, stderr, lines: stdout.split('\n').filter((line) => line !== '') };
}

test('the exit of a process that still holds its lock publishes the release, once', () => {
  const { lines, stderr } = run(`
    channels.released.subscribe(({ lock }) => console.log('released', lock === path));
    channels.lost.subscribe(() => console.log('lost'));
    const lock = await acquire(path);
    process.on('beforeExit', async () => {
      process.emit('exit', 0);
      await lock.release().catch(() => {});
    });
  `);
  expect({ lines, stderr }).toEqual({ lines: ['released true'], stderr: '' });
});

describe('a subscriber that throws', () => {
  test('does not harm the lock: Node reports an uncaught exception, after all other subscribers were called', () => {
    const { status, lines } = run(`
      for (const channel of Object.values(channels)) {
        channel.subscribe(() => { throw new Error(channel.name); });
        channel.subscribe((_event, name) => console.log(name));
      }
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message));
      const lock = await acquire(path, { heartbeatMinimalInterval: 0 });
      await lock.heartBeat();
      await lock.release();
    `);
    const names = ['livinglock:acquired', 'livinglock:heartbeat', 'livinglock:released'];
    expect(status).toBe(0);
    expect(lines.toSorted()).toEqual([...names, ...names.map((name) => `uncaught ${name}`)]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('ends a process that does not handle that, and the lock is released', () => {
    const { status, stderr } = run(`
      channels.heartbeat.subscribe(() => { throw new Error('made up'); });
      const lock = await acquire(path, { heartbeatMinimalInterval: 0 });
      await lock.heartBeat();
      await new Promise((resolve) => setTimeout(resolve, 30_000));
    `);
    expect(status).not.toBe(0);
    expect(stderr).toContain('made up');
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('a thread has channels of its own', () => {
  const { lines, stderr } = run(`
    const { Worker } = await import('node:worker_threads');
    channels.acquired.subscribe(() => console.log('main'));
    const code = \`import(\${JSON.stringify(library)}).then(async ({ acquire, channels }) => {
      channels.acquired.subscribe(() => console.log('thread'));
      const lock = await acquire(\${JSON.stringify(path)});
      await lock.release();
    });\`;
    await new Promise((resolve) => new Worker(code, { eval: true }).once('exit', resolve));
  `);
  expect({ lines, stderr }).toEqual({ lines: ['thread'], stderr: '' });
});

test('two copies of the library publish on the same channels', () => {
  const copy = join(folder, 'copy');
  cpSync(fileURLToPath(new URL('.', LIBRARY)), copy, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const other = JSON.stringify(pathToFileURL(join(copy, 'index.js')).href);
  const { lines, stderr } = run(`
    channels.acquired.subscribe(() => console.log('acquired'));
    const other = await import(${other});
    console.log(other.channels.acquired === channels.acquired);
    const lock = await other.acquire(path);
    await lock.release();
  `);
  expect({ lines, stderr }).toEqual({ lines: ['true', 'acquired'], stderr: '' });
});

test('a program may subscribe by the name of a channel before it loads the library', () => {
  const { lines, stderr } = run(
    'const lock = await acquire(path); await lock.release();',
    `
      const { subscribe } = await import('node:diagnostics_channel');
      subscribe('livinglock:acquired', () => console.log('acquired'));
    `,
  );
  expect({ lines, stderr }).toEqual({ lines: ['acquired'], stderr: '' });
});
