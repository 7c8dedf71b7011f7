import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  type AcquireOptions,
  acquire,
  breakLock,
  type Dependencies,
  ErrLockBusy,
  ErrLockLost,
  inspect,
  type Life,
  type Lock,
  type ProcessTable,
} from '../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import { guardLifeName, ownerName } from '../../../src/stores/file/guard/guard-names.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { Signs } from '../../../src/stores/file/signs-of-life.js';
import type { FakeProcess } from '../../../src/testing/index.js';
import { fileSystemWith, HOUR, MINUTE, SECOND, systemError, untyped, World } from '../../../support/world.js';

const EXT4 = 0xef53;
const NFS = 0x6969;

let world: World;
/** Two containers, and a process outside. */
let one: FakeProcess;
let other: FakeProcess;
let outside: FakeProcess;

beforeEach(() => {
  world = new World();
  one = world.processes.start({ pidNamespace: 'pid:[4026532001]', hostname: 'one' });
  other = world.processes.start({ pidNamespace: 'pid:[4026532002]', hostname: 'other' });
  outside = world.processes.own;
});

/** On a local file system, whatever the temporary folder is on. */
function dependenciesOf(process: FakeProcess): Dependencies {
  return { ...world.as(process), life: world.processes.lifeOf(process) };
}

function localFileSystem(changes: Partial<FileSystem> = {}): FileSystem {
  return fileSystemWith({ statfsSync: () => ({ type: EXT4 }), ...changes });
}

function storeOf(process: FakeProcess, changes: Partial<FileSystem> = {}) {
  return fileStore({ ...dependenciesOf(process), fileSystem: localFileSystem(changes) });
}

function acquireBy(process: FakeProcess, options: AcquireOptions = {}): Promise<Lock> {
  const dependencies = dependenciesOf(process);
  return acquire(world.path, {
    store: storeOf(process),
    heartbeatMinimalInterval: 0,
    ...options,
    dependencies,
  });
}

function signs(): string[] {
  return world.files.filter((name) => name.includes('.life.'));
}

/** Lets what waits for the clock happen. */
async function pass(milliseconds: number): Promise<void> {
  await world.clock.advance(milliseconds);
}

describe('a holder in another container', () => {
  test('that was killed is replaced at once', async () => {
    await acquireBy(one);
    one.kill();

    await acquireBy(other);
    other.kill();
    await acquireBy(outside);
  });

  test('that lives keeps the lock until it is stale', async () => {
    await acquireBy(one, { staleTimeout: HOUR });

    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
    await pass(HOUR - SECOND);
    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
    await pass(2 * SECOND);
    await acquireBy(other);
  });

  test('that lives keeps the lock forever with an endless timeout', async () => {
    await acquireBy(one, { staleTimeout: Number.POSITIVE_INFINITY });

    await pass(100 * HOUR);
    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
    one.kill();
    await acquireBy(other);
  });

  test('is said to be dead, or at work', async () => {
    await acquireBy(one);
    const seen = () => inspect(world.path, { store: storeOf(other), dependencies: dependenciesOf(other) });

    expect(await seen()).toMatchObject({ state: 'live', processes: [{ liveness: 'alive' }] });
    one.kill();
    expect(await seen()).toMatchObject({ state: 'dead', processes: [{ liveness: 'dead' }] });
  });

  test('of whose workers nothing is known is respected, even if it is dead itself', async () => {
    const worker = world.processes.start({ pidNamespace: 'pid:[4026532001]', hostname: 'one' });
    const lock = await acquireBy(one);
    await lock.setWorkers([worker.pid]);
    one.kill();

    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
    await pass(HOUR + SECOND);
    await acquireBy(other);
  });

  test.each([
    ['is dead with it, if the sign covers it', true, 'done'],
    ['may go on without it, if it does not', false, 'busy'],
  ])('whose worker %s', async (_, isCovered, outcome) => {
    const worker = world.processes.start({ pidNamespace: 'pid:[4026532001]', hostname: 'one' });
    const processes = world.processes.as(one);
    const identify: ProcessTable['identify'] = (pid, group) => {
      const identity = processes.identify(pid, group);
      return identity && { ...identity, ...(isCovered && { sign: true }) };
    };
    const covering: ProcessTable = {
      self: () => one.identity,
      identify,
      liveness: (identity, age) => processes.liveness(identity, age),
      terminate: () => Promise.reject(new Error('never')),
    };
    const dependencies = { ...dependenciesOf(one), processes: covering };
    const lock = await acquire(world.path, { store: storeOf(one), dependencies });
    await lock.setWorkers([worker.pid]);
    one.kill();

    expect(
      await acquireBy(other).then(
        () => 'done',
        () => 'busy',
      ),
    ).toBe(outcome);
  });

  test('that may have started something which inherited a socket from it is respected', async () => {
    const processes = world.processes.as(one);
    const self = () => ({ ...one.identity, inheritedSocket: 'net:[1] livinglock/x 7' });
    const handing: ProcessTable = {
      self,
      identify: (pid, group) => processes.identify(pid, group),
      liveness: (identity, age) => processes.liveness(identity, age),
      terminate: () => Promise.reject(new Error('never')),
    };
    await acquire(world.path, {
      store: storeOf(one),
      dependencies: { ...dependenciesOf(one), processes: handing },
    });
    one.kill();

    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
  });

  test('is respected if all of it was copied: nobody listens at a copy', async () => {
    await acquireBy(one);
    const [sign = ''] = signs();
    const copy = join(world.folder, 'copy');
    mkdirSync(copy);
    copyFileSync(world.path, join(copy, 'job.lock'));
    const left = world.processes.lifeOf(one).keep(join(copy, sign));
    left?.close();
    const path = join(copy, 'job.lock');

    await expect(
      acquire(path, { store: storeOf(other), dependencies: dependenciesOf(other) }),
    ).rejects.toThrow(ErrLockBusy);
  });

  test('is respected on a file system in which a second inode may stand for one file', async () => {
    await acquireBy(one);
    one.kill();
    const store = storeOf(other, { statfsSync: () => ({ type: NFS }) });

    await expect(acquireBy(other, { store })).rejects.toThrow(ErrLockBusy);
  });

  test('that was replaced while it was asked is not taken for the holder', async () => {
    await acquireBy(one);
    one.kill();
    let successor: Lock | undefined;
    const life = world.processes.lifeOf(other);
    const slow: Life = {
      when: life.when,
      isMovable: life.isMovable,
      needsLocalFiles: life.needsLocalFiles,
      keep: (path) => life.keep(path),
      ask: async (path, writer) => {
        successor ??= await acquireBy(outside);
        return life.ask(path, writer);
      },
    };
    const dependencies = { ...dependenciesOf(other), life: slow };
    const store = fileStore({ ...dependencies, fileSystem: localFileSystem() });
    const busy = await acquire(world.path, { store, dependencies }).catch((error: unknown) => error);

    expect(busy).toBeInstanceOf(ErrLockBusy);
    expect(busy).toMatchObject({ holder: { token: successor?.token } });
  });

  test('is respected if it is of another boot', async () => {
    const elsewhere = world.processes.start({ bootId: 'another', pidNamespace: 'pid:[4026532003]' });
    await acquireBy(elsewhere);
    elsewhere.kill();

    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
  });

  test('is respected if it could keep no sign of life', async () => {
    const lock = await acquireBy(one, { store: storeOf(one, { linkSync: refuseSigns }) });
    expect(signs()).toEqual([]);
    await lock.heartBeat();
    one.kill();

    await expect(acquireBy(other)).rejects.toThrow(ErrLockBusy);
  });
});

function refuseSigns(existing: string, path: string): void {
  if (path.includes('.life.')) throw systemError('EPERM');
  systemFileSystem.linkSync(existing, path);
}

describe('the sign of life of a holder', () => {
  test('is there before the lock is', async () => {
    let before: string[] = [];
    const store = storeOf(one, {
      linkSync(existing, path) {
        if (path === world.path) before = signs();
        systemFileSystem.linkSync(existing, path);
      },
    });
    await acquireBy(one, { store });

    expect(before).toHaveLength(1);
    expect(signs()).toEqual(before);
  });

  test('is there before the lock is taken over', async () => {
    await acquireBy(one);
    one.kill();
    let before: string[] = [];
    const store = storeOf(other, {
      renameSync(from, to) {
        if (to === world.path) before = signs();
        systemFileSystem.renameSync(from, to);
      },
    });
    await acquireBy(other, { store });

    expect(before).toHaveLength(2);
    expect(before).toEqual(expect.arrayContaining(signs()));
  });

  test('goes with the release', async () => {
    const lock = await acquireBy(one);
    await lock.release();

    expect(world.files).toEqual([]);
  });

  test('goes with a release that leaves the record', async () => {
    const lock = await acquireBy(one, { holdAtLeast: MINUTE });
    await lock.release();

    expect(world.files).toEqual(['job.lock']);
  });

  test('goes with a takeover, and only the new one stays', async () => {
    await acquireBy(one);
    const [before] = signs();
    one.kill();
    const lock = await acquireBy(other);

    expect(signs()).toHaveLength(1);
    expect(signs()).not.toContain(before);
    await lock.release();
    expect(world.files).toEqual([]);
  });

  test('goes when the lock is broken', async () => {
    await acquireBy(one);
    one.kill();
    await breakLock(world.path, { store: storeOf(other), dependencies: dependenciesOf(other) });

    expect(world.files).toEqual([]);
  });

  test('goes with a claim that fails', async () => {
    const store = storeOf(one, {
      linkSync(existing, path) {
        if (path === world.path) throw systemError('EIO');
        systemFileSystem.linkSync(existing, path);
      },
    });

    await expect(acquireBy(one, { store })).rejects.toThrow('EIO');
    expect(world.files).toEqual([]);
  });

  test('never removes what is in its place', async () => {
    const lock = await acquireBy(one);
    const [name = ''] = signs();
    const other20 = '00000000000000000001';
    const foreign = [
      name.replace(/[\da-f]{20}/, other20),
      'job.lock.life.notes',
      'job.lock.life',
      'other.lock.life.',
    ];
    for (const each of foreign) writeFileSync(join(world.folder, each), 'mine');
    mkdirSync(join(world.folder, name.replace(/[\da-f]{20}/, other20.replace(/1$/, '2'))));
    const before = world.files.filter((each) => each !== name && each !== 'job.lock');
    await lock.release();
    await acquireBy(one);
    one.kill();
    await acquireBy(other);

    expect(world.files).toEqual(expect.arrayContaining(before));
  });

  test('left by a holder that died between claim and sign is swept by the next takeover', async () => {
    await acquireBy(one);
    const [name = ''] = signs();
    const left = name.replace(/[\da-f]{20}/, '00000000000000000001');
    writeFileSync(join(world.folder, left), '');
    one.kill();
    await acquireBy(other);

    expect(signs()).toHaveLength(1);
    expect(signs()).not.toContain(left);
  });
});

describe('a holder whose PID others can see', () => {
  test('keeps no sign if it releases soon', async () => {
    const lock = await acquireBy(outside);
    await pass(99);
    expect(signs()).toEqual([]);
    await lock.release();
    await pass(SECOND);

    expect(world.files).toEqual([]);
  });

  test('keeps one soon after', async () => {
    const lock = await acquireBy(outside);
    await pass(100);
    expect(signs()).toHaveLength(1);
    outside.kill();

    await acquireBy(one);
    await lock.release().catch(() => {});
  });

  test('keeps one with its first heartbeat, because it may never yield', async () => {
    const lock = await acquireBy(outside);
    void lock.heartBeat();

    expect(signs()).toHaveLength(1);
    await lock.release();
    expect(world.files).toEqual([]);
  });

  test('keeps none at a lock that it has lost with its folder', async () => {
    const lock = await acquireBy(outside);
    rmSync(world.folder, { recursive: true });
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    mkdirSync(world.folder);
    await acquireBy(other);
    const before = statSync(world.folder).mtimeMs;
    await pass(100);

    expect(statSync(world.folder).mtimeMs).toBe(before);
  });

  test('keeps none at a lock that it has lost', async () => {
    await acquireBy(outside, { staleTimeout: SECOND });
    await breakLock(world.path, { force: true, store: storeOf(other), dependencies: dependenciesOf(other) });
    await pass(100);

    expect(world.files).toEqual([]);
  });
});

describe('the guard of a process in another container', () => {
  /** As if it were frozen in it. */
  function stayInside({ identity }: FakeProcess, life = world.processes.lifeOf(one)): void {
    const guard = join(world.folder, 'job.lock.guard');
    const owner = ownerName({ identity, thread: 0 });
    mkdirSync(guard);
    writeFileSync(join(guard, owner), '');
    life.keep(join(guard, guardLifeName(owner, statSync(guard).dev)));
  }

  function makeOld(): void {
    const guard = join(world.folder, 'job.lock.guard');
    const longAgo = (Date.now() - 10 * MINUTE) / 1000;
    utimesSync(guard, longAgo, longAgo);
    expect(statSync(guard).mtimeMs).toBeLessThan(Date.now() - 9 * MINUTE);
  }

  test.each(['another container', 'outside'])(
    'is not taken from it while it lives, seen from %s',
    async (where) => {
      stayInside(one);
      makeOld();
      const contender = where === 'outside' ? outside : other;
      const attempt = acquireBy(contender);
      const outcome = expect(attempt).rejects.toThrow(/is changing it right now/);
      for (let i = 0; i < 200; i++) await pass(40);

      await outcome;
    },
  );

  test.each(['another container', 'outside'])(
    'is taken from it at once when it is dead, seen from %s',
    async (where) => {
      stayInside(one);
      one.kill();

      await acquireBy(where === 'outside' ? outside : other);
      expect(world.files).toEqual(expect.arrayContaining(['job.lock']));
      expect(world.files.filter((name) => name.includes('guard'))).toEqual([]);
    },
  );

  /** A file system that its process leaves forever after it has removed so many files from the guard. */
  function deadlyFileSystem(process: FakeProcess, removals: number): Partial<FileSystem> {
    let left = removals;
    const refuseToTheDead = () => {
      if (left === 0) throw systemError('EIO');
    };
    return {
      unlinkSync(path) {
        refuseToTheDead();
        systemFileSystem.unlinkSync(path);
        if (path.includes('job.lock.guard/') && --left === 0) process.kill();
      },
      rmdirSync(path) {
        refuseToTheDead();
        systemFileSystem.rmdirSync(path);
      },
    };
  }

  test.each([1, 2])(
    'is taken at once from one that has died while leaving, after it removed files: %d',
    async (removals) => {
      await acquireBy(one, { store: storeOf(one, deadlyFileSystem(one, removals)) });
      expect(world.files).toContain('job.lock.guard');

      await acquireBy(other);
      expect(world.files).not.toContain('job.lock.guard');
    },
  );

  test.each([1, 2])(
    'is taken at once if one that took it has died meanwhile, after it removed files: %d',
    async (removals) => {
      stayInside(one);
      one.kill();
      await acquireBy(other, { store: storeOf(other, deadlyFileSystem(other, removals)) }).catch(() => {});
      expect(world.files).toContain('job.lock.guard');

      await acquireBy(outside);
      expect(world.files).not.toContain('job.lock.guard');
    },
  );
});

test('a sign is kept while an answer is awaited that is not of the global Promise, as with zone.js', async () => {
  const held = { path: world.path, token: randomUUID() };
  const signs = new Signs(dependenciesOf(one), localFileSystem());
  let isKept = true;
  const sign = {
    close: () => {
      isKept = false;
    },
  };
  const keepSign = (nameFor: (numbers: object) => string) => {
    nameFor({ dev: 1, ino: 1 });
    return sign;
  };
  signs.keep(held, untyped({ keepSign }));
  const answer = runInNewContext('Promise.resolve({ done: true })');
  expect(await signs.dropIfLost(held.token, answer)).toEqual({ done: true });
  expect(isKept).toBe(true);
  expect(await signs.dropIfLost(held.token, untyped({ done: false }))).toEqual({ done: false });
  expect(isKept).toBe(false);
});
