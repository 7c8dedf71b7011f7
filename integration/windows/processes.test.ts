import childProcess from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { acquire, ErrLockBusy, inspect } from 'livinglock';
import { describe, expect, test } from 'vitest';
import { serializeRecord } from '../../src/core/record/record.js';
import { startActor } from '../../support/actors.js';
import { temporaryFolder } from '../../support/machine.js';
import { replace } from '../../support/replace.js';
import { someRecord } from '../../support/world.js';
import { Desk } from '../support/desk.js';

/** What is started synchronously from here on. */
function programs(): string[] {
  const started: string[] = [];
  const { execFileSync, spawnSync } = childProcess;
  const changes: object = {
    execFileSync(file: string, ...rest: readonly unknown[]) {
      started.push(file);
      return Reflect.apply(execFileSync, childProcess, [file, ...rest]);
    },
    spawnSync(file: string, ...rest: readonly unknown[]) {
      started.push(file);
      return Reflect.apply(spawnSync, childProcess, [file, ...rest]);
    },
  };
  replace(childProcess, changes);
  return started;
}

describe('without starting a program', () => {
  test('a lock is acquired, kept, found busy, inspected, and taken over from a dead holder', async () => {
    const started = programs();
    const desk = new Desk();
    const path = desk.path('job');
    const holder = await desk.live('job');
    await expect(acquire(path)).rejects.toBeInstanceOf(ErrLockBusy);
    expect(await inspect(path)).toMatchObject({ state: 'live', processes: [{ liveness: 'alive' }] });
    expect(readdirSync(desk.locks).filter((name) => name.includes('.life.'))).toHaveLength(1);
    await holder.kill();
    expect((await inspect(path)).state).toBe('dead');
    const lock = await acquire(path, { heartbeatMinimalInterval: 0 });
    await lock.heartBeat();
    await lock.release();
    expect(started).toEqual([]);
    expect(readdirSync(desk.locks)).toEqual([]);
  });
});

test('a holder whose PID was given to another process is known by its start', async () => {
  const path = join(temporaryFolder(), 'job.lock');
  const one = await startActor();
  const recordOf = (pid: number, started: Date) => {
    const identity = { pid, hostname: hostname(), bootId: null, pidNamespace: null };
    return someRecord({
      process: { ...identity, started: started.toISOString() },
      timestamp: new Date(),
      monotonic: null,
    });
  };
  writeFileSync(path, serializeRecord(recordOf(one.pid, new Date())));
  await expect(acquire(path)).rejects.toBeInstanceOf(ErrLockBusy);
  const started = programs();
  writeFileSync(path, serializeRecord(recordOf(one.pid, new Date(Date.now() - 3_600_000))));
  await (await acquire(path)).release();
  // The answer of before still counts.
  expect(started).toEqual([]);
  const other = await startActor();
  writeFileSync(path, serializeRecord(recordOf(other.pid, new Date())));
  await expect(acquire(path)).rejects.toBeInstanceOf(ErrLockBusy);
  expect(started).toEqual([expect.stringMatching(/^C:\\Windows\\System32\\.*\\powershell\.exe$/i)]);
});

test('many processes hold a lock one after the other, and each loses at most time', async () => {
  const path = join(temporaryFolder(), 'job.lock');
  const actors = await Promise.all([startActor(), startActor(), startActor()]);
  let held = 0;
  let holders = 0;
  const turns = actors.map(async (actor) => {
    for (let turn = 0; turn < 4; turn++) {
      const options = { wait: 30_000, heartbeatMinimalInterval: 0 };
      expect(await actor.ask({ do: 'acquire', path, options })).toMatchObject({ outcome: 'done' });
      expect(++holders).toBe(1);
      expect(await actor.ask({ do: 'heartBeat', path })).toMatchObject({ outcome: 'done' });
      held += 1;
      holders -= 1;
      expect(await actor.ask({ do: 'release', path })).toMatchObject({ outcome: 'done' });
    }
  });
  await Promise.all(turns);
  expect(held).toBe(12);
});
