import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { acquire, ErrLockBusy, inspect } from 'livinglock';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, startActor } from '../support/actors.js';
import { canMount, isPosix, temporaryFolder } from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { poll } from '../support/running.js';
import { asSeenBy, fillUp, remount, startOnFileSystem } from './support/mounts.js';
import { refusal } from './support/refusals.js';
import { deadRecord } from './support/remains.js';

// The faults that test/stores/file/faults.test.ts simulates, for real. The lock works again after each of them, and nobody has to
// remove anything by hand.

let folder: string;
let path: string;

beforeEach(() => {
  folder = join(temporaryFolder(), 'locks');
  path = join(folder, 'job.lock');
  mkdirSync(folder);
});

const FULL = [
  { what: 'bytes', limit: 'size=16k', chunk: Buffer.alloc(4096) },
  { what: 'inodes', limit: 'nr_inodes=16', chunk: Buffer.alloc(0) },
];

describe.skipIf(!canMount).each(FULL)(
  'on a file system without $what left (mounted, as root on Linux)',
  ({ limit, chunk }) => {
    test('a lock cannot be created until there is room', async () => {
      const { actor, seen } = await mount(limit);
      const fillers = fillUp(seen, chunk);
      const before = readdirSync(seen);

      expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'create the lock', 'ENOSPC'));
      expect(readdirSync(seen)).toEqual(before);

      for (const filler of fillers) unlinkSync(filler);
      await expectToWorkAgain(actor, seen);
    });

    test('the lock of a dead holder stays as it is until there is room to take it over', async () => {
      const record = await deadRecord();
      const { actor, seen } = await mount(limit);
      writeFileSync(join(seen, 'job.lock'), record);
      const fillers = fillUp(seen, chunk);
      const before = readdirSync(seen);

      expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'take over the lock', 'ENOSPC'));
      expect(readFileSync(join(seen, 'job.lock'), 'utf8')).toBe(record);
      expect(readdirSync(seen)).toEqual(before);

      for (const filler of fillers) unlinkSync(filler);
      await expectToWorkAgain(actor, seen);
    });

    test('a lock stays held, and its heartbeats work again once there is room', async () => {
      const { actor, seen } = await mount(limit);
      expect(await outcome(actor, 'acquire')).toBe('done');
      const fillers = fillUp(seen, chunk);

      const refused = refusal(path, 'write a heartbeat to the lock', 'ENOSPC');
      expect(await actor.ask({ do: 'heartBeat', path })).toEqual(refused);
      const names = fillers.map((filler) => basename(filler));
      await expectFiles(seen, [...names, 'job.lock']);

      for (const filler of fillers) unlinkSync(filler);
      await expectToGoOn(actor, seen);
    });
  },
);

describe.skipIf(!canMount)('on a file system that is read-only (mounted, as root on Linux)', () => {
  test('a lock cannot be created until it can be written to', async () => {
    const { actor, seen } = await mount('rw');
    await remount(actor, folder, 'ro');

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'create the lock', 'EROFS'));

    await remount(actor, folder, 'rw');
    await expectToWorkAgain(actor, seen);
  });

  test('a lock stays held until it can be written to again', async () => {
    const { actor, seen } = await mount('rw');
    expect(await outcome(actor, 'acquire')).toBe('done');
    await remount(actor, folder, 'ro');

    const refused = refusal(path, 'write a heartbeat to the lock', 'EROFS');
    expect(await actor.ask({ do: 'heartBeat', path })).toEqual(refused);
    expect(await actor.ask({ do: 'release', path })).toEqual(refusal(path, 'release the lock', 'EROFS'));
    await expectFiles(seen, ['job.lock']);

    await remount(actor, folder, 'rw');
    await expectToGoOn(actor, seen);
  });
});

test.skipIf(!canMount)(
  'a lock in the file system of a container is meant where its path leads through /proc/PID/root',
  async () => {
    const { actor, seen } = await mount('rw');
    expect(await outcome(actor, 'acquire')).toBe('done');
    const through = join(seen, 'job.lock');
    expect(await inspect(through)).toMatchObject({ state: 'live' });
    await expect(acquire(through)).rejects.toThrow(ErrLockBusy);
    expect(readdirSync(folder)).toEqual([]);
    await expectToGoOn(actor, seen);
  },
);

describe.skipIf(!isPosix)('with too many open files', () => {
  test('a lock cannot be created until there are fewer', async () => {
    const actor = await startWithFewDescriptors();
    await actor.ask({ do: 'useUpDescriptors' });

    expect(await actor.ask({ do: 'acquire', path })).toEqual(refusal(path, 'create the lock', 'EMFILE'));
    expect(readdirSync(folder)).toEqual([]);

    await actor.ask({ do: 'freeDescriptors' });
    await expectToWorkAgain(actor, folder);
  });

  test('a lock stays held, and its heartbeats work again once there are fewer', async () => {
    const actor = await startWithFewDescriptors();
    expect(await outcome(actor, 'acquire')).toBe('done');
    await actor.ask({ do: 'useUpDescriptors' });

    const refused = refusal(path, 'write a heartbeat to the lock', 'EMFILE');
    expect(await actor.ask({ do: 'heartBeat', path })).toEqual(refused);
    expect(await actor.ask({ do: 'release', path })).toEqual(refusal(path, 'release the lock', 'EMFILE'));
    await expectFiles(folder, ['job.lock']);

    await actor.ask({ do: 'freeDescriptors' });
    await expectToGoOn(actor, folder);
  });

  test('a first try does not harm the second one, whose death can be proven', async () => {
    const actor = await startWithFewDescriptors();
    await actor.ask({ do: 'useUpDescriptors' });
    await actor.ask({ do: 'acquire', path });
    await actor.ask({ do: 'freeDescriptors' });
    expect(await outcome(actor, 'acquire')).toBe('done');
    await actor.kill();

    expect(await outcome(await startActor(), 'acquire')).toBe('done');
  });
});

describe('a folder with a lock that is held', () => {
  const removals = [
    { what: 'is deleted', remove: () => rmSync(folder, { recursive: true }) },
    { what: 'is renamed', remove: () => renameSync(folder, `${folder}.old`) },
  ];

  test.each(removals)('$what: the holder finds out, and the next one makes a new folder', async (how) => {
    const [holder, next] = await Promise.all([startActor(), startActor()]);
    expect(await outcome(holder, 'acquire')).toBe('done');
    how.remove();

    expect(await outcome(holder, 'heartBeat')).toBe('lost');
    expect(existsSync(folder)).toBe(false);
    expect(await outcome(next, 'acquire')).toBe('done');
    expect(await outcome(holder, 'release')).toBe('lost');
    await expectToGoOn(next, folder);
  });

  test('may be renamed and renamed back between two heartbeats', async () => {
    const holder = await startActor();
    expect(await outcome(holder, 'acquire')).toBe('done');
    renameSync(folder, `${folder}.old`);
    renameSync(`${folder}.old`, folder);

    await expectToGoOn(holder, folder);
  });
});

async function outcome(actor: Actor, command: 'acquire' | 'heartBeat' | 'release') {
  return outcomeOf(await actor.ask({ do: command, path }));
}

/** A holder that is slow, as on a busy machine, makes a sign of life in the meantime, for which it is in the guard for a moment. */
async function expectFiles(where: string, names: readonly string[]): Promise<void> {
  const expected = names.toSorted();
  const found = () => readdirSync(where).filter((name) => !name.includes('.life.'));
  await poll(`There are not only ${expected}`, () => isDeepStrictEqual(found().toSorted(), expected));
}

async function expectToWorkAgain(actor: Actor, seen: string): Promise<void> {
  expect(await outcome(actor, 'acquire')).toBe('done');
  await expectToGoOn(actor, seen);
}

async function expectToGoOn(holder: Actor, seen: string): Promise<void> {
  expect(await outcome(holder, 'heartBeat')).toBe('done');
  expect(await outcome(holder, 'release')).toBe('done');
  expect(readdirSync(seen)).toEqual([]);
}

/** An actor that sees its own file system at the folder, and the path where this process sees the same. */
async function mount(mountOptions: string): Promise<{ readonly actor: Actor; readonly seen: string }> {
  const actor = await startOnFileSystem(folder, mountOptions);
  return { actor, seen: asSeenBy(actor, folder) };
}

/** A process that may open only a few files, but enough for Node itself. */
function startWithFewDescriptors(): Promise<Actor> {
  return startActor({ within: ['sh', '-c', 'ulimit -n 64 && exec "$@"', 'sh'] });
}
