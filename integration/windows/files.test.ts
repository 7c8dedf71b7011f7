import { closeSync, openSync, readdirSync } from 'node:fs';
import { join, toNamespacedPath } from 'node:path';
import { acquire, ErrLockBusy, ErrLockStore, inspect } from 'livinglock';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/machine.js';
import { poll, Running } from '../../support/running.js';
import { Desk } from '../support/desk.js';

// What is particular about files on Windows.

/** Reads a file all the time, for as long as it takes each time. */
const READER = `
const fs = require("fs");
console.log("reading");
for (;;) {
  try {
    const file = fs.openSync(process.argv[1], "r");
    fs.readFileSync(file);
    fs.closeSync(file);
  } catch {}
}`;

describe('a lock that others read all the time', () => {
  test('is acquired, kept and released without an error', async () => {
    const path = join(temporaryFolder(), 'job.lock');
    const reader = new Running(process.execPath, ['-e', READER, path], { env: {} });
    await reader.prints(/reading/);
    for (let round = 0; round < 3; round++) {
      // Wine, unlike Windows, still shows a file that was deleted while somebody had it open.
      const lock = await acquire(path, { heartbeatMinimalInterval: 0, wait: '10s' });
      for (let beats = 0; beats < 10; beats++) await lock.heartBeat({ progress: beats / 10 });
      await lock.release();
    }
    await poll('It is not released', async () => (await inspect(path)).state === 'free');
  });

  test('does not end the command that runs under it', async () => {
    const desk = new Desk();
    const reader = new Running(process.execPath, ['-e', READER, desk.path('job')], { env: {} });
    await reader.prints(/reading/);
    const options = ['--heartbeat', 'manual', '--heartbeat-interval', '1ms', '--stale-timeout', '1h'];
    const script = 'call %LIVINGLOCK% beat & call %LIVINGLOCK% beat & exit 5';
    expect(await desk.run(['run', ...options, '-c', script, 'job'])).toMatchObject({ code: 5, stderr: '' });
  });

  test('is reported if somebody keeps it open', async () => {
    const path = join(temporaryFolder(), 'job.lock');
    const lock = await acquire(path, { heartbeatMinimalInterval: 0 });
    const descriptor = openSync(path, 'r');
    try {
      const error = await lock.heartBeat().catch((error: unknown) => error);
      // Newer versions of Windows and Node replace it even then.
      if (error !== undefined) {
        expect(error).toBeInstanceOf(ErrLockStore);
        expect(error).toMatchObject({ message: expect.stringContaining('may have that file open') });
      }
    } finally {
      closeSync(descriptor);
    }
    await lock.heartBeat();
    await lock.release();
    expect((await inspect(path)).state).toBe('free');
  });
});

describe('one lock', () => {
  test('has many spellings', async () => {
    const folder = join(temporaryFolder(), 'Locks');
    const path = join(folder, 'Job.lock');
    const lock = await acquire(path);
    const spellings = [
      path.toUpperCase(),
      path.replaceAll('\\', '/'),
      join(folder, '..', 'Locks', 'Job.lock'),
      toNamespacedPath(path),
    ];
    for (const spelling of spellings) {
      await expect(acquire(spelling), spelling).rejects.toBeInstanceOf(ErrLockBusy);
    }
    await lock.release();
    for (const spelling of spellings) await (await acquire(spelling)).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['x.lock.', 'x.lock ', 'x.lock::$DATA', 'CON', 'nul.lock', 'a|b'])('is not %j', async (name) => {
    const folder = temporaryFolder();
    await expect(acquire(`${folder}\\${name}`)).rejects.toThrow('cannot be a lock');
    expect(readdirSync(folder)).toEqual([]);
    const ended = await new Desk().run(['run', `${folder}\\${name}`, '--', 'hostname']);
    expect(ended).toMatchObject({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining('cannot be a lock'),
    });
  });

  test.each(['\\\\.\\pipe\\livinglock-test', '\\\\?\\pipe\\livinglock-test'])('is not %s', async (path) => {
    await expect(acquire(path)).rejects.toThrow('it is the path of a device');
  });

  test('on a drive that is missing says so', async () => {
    const error = await acquire('Q:\\livinglock\\job.lock').catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('the drive or the share is there'),
    });
    expect(error).toMatchObject({ message: expect.not.stringContaining('/proc') });
  });
});

test('a local drive is safe for locks, or nearly so', async () => {
  const ended = await new Desk().run(['verify', temporaryFolder()]);
  expect(ended).toMatchObject({ code: 0, stdout: expect.not.stringContaining('UNSAFE') });
  expect(ended.stdout).not.toContain('/var/lib');
});
