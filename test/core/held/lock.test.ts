import { rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRecord } from '../../../src/core/record/record.js';
import type { Awaitable, Outcome, Store } from '../../../src/core/store.js';
import { acquire, breakLock, ErrLockBusy, ErrLockLost, ErrLockStore, type Lock } from '../../../src/index.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { fileSystemWith, HOUR, MINUTE, SECOND, systemError, World } from '../../../support/world.js';

/** What another process gets whose stale timeout is two minutes. */
function contend(world: World): Promise<Lock> {
  return world.acquire(world.processes.start(), { staleTimeout: '2m' });
}

describe('a heartbeat', () => {
  it('writes nothing within the minimal interval, and writes when it is over', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, { heartbeatMinimalInterval: '5m' });
    const before = world.text;
    await world.clock.advance(5 * MINUTE - 1);
    await lock.heartBeat({ progress: 0.1 });
    expect(world.text).toBe(before);
    await world.clock.advance(1);
    await lock.heartBeat();
    expect(world.text).not.toBe(before);
    expect(JSON.parse(world.text).timestamp).toBe(new Date(world.clock.now()).toISOString());
  });

  it('is due at once after an acquisition that was paused for longer than the minimal interval', async () => {
    const world = new World();
    const files = fileStore(world.as());
    const store = {
      ...delegate(files),
      claim: async (...[name, claim, over]: Parameters<typeof files.claim>): Promise<Outcome> => {
        const outcome = await files.claim(name, claim, over);
        await world.clock.advance(HOUR / 2);
        return outcome;
      },
    };
    const lock = await world.acquire(undefined, { store, heartbeatMinimalInterval: '1m' });
    const before = world.text;
    await lock.heartBeat();
    expect(world.text).not.toBe(before);
  });

  it('keeps the lock from going stale', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    for (let hour = 0; hour < 5; hour++) {
      await world.clock.advance(HOUR);
      await lock.heartBeat();
      await expect(world.acquire()).rejects.toMatchObject({ code: 'ERR_LOCK_BUSY', heartbeatAge: 0 });
    }
  });

  it('is on disk before the call returns, awaited or not', async () => {
    const world = new World();
    const lock = await world.acquire();
    for (let beat = 1; beat <= 3; beat++) {
      void lock.heartBeat({ progress: beat / 4 });
      expect(JSON.parse(world.text).progress.ratio).toBe(beat / 4);
    }
  });

  it('writes progress and note, including those of calls that wrote nothing', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, { heartbeatMinimalInterval: '1m' });
    await lock.heartBeat({ progress: 0.25 });
    await lock.heartBeat({ note: 'table 4 of 10' });
    await world.clock.advance(MINUTE);
    await lock.heartBeat({});
    expect(JSON.parse(world.text).progress).toEqual({ ratio: 0.25, note: 'table 4 of 10' });
  });

  it.each([[2], [-0.1], [Number.NaN]])('refuses the progress %s, and stays held', async (progress) => {
    const world = new World();
    const lock = await world.acquire();
    await expect(lock.heartBeat({ progress })).rejects.toThrow(RangeError);
    await expect(lock.heartBeat({ progress: 1 })).resolves.toBeUndefined();
  });

  it('that wrote nothing is written when the interval is over, so that the lock is never stale early', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start(), {
      staleTimeout: '2m',
      heartbeatMinimalInterval: '1m',
    });
    await world.clock.advance(59 * SECOND);
    await lock.heartBeat({ note: 'late' });
    await world.clock.advance(2 * MINUTE);
    await expect(contend(world)).rejects.toThrow(/^.+ last heartbeat .+ late\b/);
    expect(lock.signal.aborted).toBe(false);

    await world.clock.advance(2 * SECOND);
    await contend(world);
    await expect(lock.heartBeat()).rejects.toBeInstanceOf(ErrLockLost);
  });

  it('that wrote nothing is written before the lock is stale, if the interval is hardly shorter than the stale timeout', async () => {
    const world = new World();
    const options = { staleTimeout: '2m', heartbeatMinimalInterval: '119s' } as const;
    const lock = await world.acquire(world.processes.start(), options);
    await world.clock.advance(MINUTE);
    await lock.heartBeat();
    await world.clock.advance(MINUTE + 1);
    await expect(contend(world)).rejects.toBeInstanceOf(ErrLockBusy);
  });

  it('that wrote nothing is written once, as no other proof of work', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start(), {
      staleTimeout: '10m',
      heartbeatMinimalInterval: '1m',
    });
    await lock.heartBeat();
    await world.clock.advance(MINUTE);
    const { text } = world;
    await world.clock.advance(9 * MINUTE);
    expect(world.text).toBe(text);
    await lock.release();
  });

  it('that wrote nothing finds a loss, which is still reported', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start(), {
      staleTimeout: '10m',
      heartbeatMinimalInterval: '1m',
    });
    await lock.heartBeat();
    rmSync(world.path);
    await world.clock.advance(MINUTE);
    expect(lock.signal.aborted).toBe(true);
    await expect(lock[Symbol.asyncDispose]()).rejects.toBeInstanceOf(ErrLockLost);
  });

  it('that wrote nothing leaves the workers as they are', async () => {
    const world = new World();
    const worker = world.processes.start();
    const lock = await world.acquire(world.processes.start(), { heartbeatMinimalInterval: '1m' });
    await lock.heartBeat();
    await lock.setWorkers([worker.pid]);
    await lock.heartBeat();
    await world.clock.advance(MINUTE);
    expect(parseRecord(world.text, new Date(0))?.workers).toMatchObject([{ pid: worker.pid }]);
  });

  it.each<[update: unknown, message: string]>([
    [{ progress: '1' }, "The progress of a heartbeat must be a number, but is '1'."],
    [{ progress: null }, 'The progress of a heartbeat must be a number, but is null.'],
    [{ note: 7 }, 'The note of a heartbeat must be a string, but is 7.'],
    [{ note: null }, 'The note of a heartbeat must be a string, but is null.'],
    [{ note: ['a'] }, 'The note of a heartbeat must be a string, but is an array.'],
  ])('refuses a progress or a note of the wrong type: %j', async (update, message) => {
    const world = new World();
    const lock = await world.acquire();
    const refused: Promise<unknown> = Reflect.apply(lock.heartBeat, lock, [update]);
    await expect(refused).rejects.toThrow(new TypeError(message));
  });

  it('refuses what it does not know, with the nearest name', async () => {
    const world = new World();
    const lock = await world.acquire();
    const refused: Promise<unknown> = Reflect.apply(lock.heartBeat, lock, [{ Progress: 1 }]);
    await expect(refused).rejects.toThrow(
      new TypeError('There is no option `Progress` of a heartbeat. Did you mean `progress`?'),
    );
  });

  it.each([[5], ['40 %'], [null], [[]]])('refuses %j as its argument', async (update) => {
    const world = new World();
    const lock = await world.acquire();
    const refused: Promise<unknown> = Reflect.apply(lock.heartBeat, lock, [update]);
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(`A heartbeat of ${world.path} takes an object`);
  });

  it('rejects after a takeover, and leaves the new holder unchanged', async () => {
    const world = new World();
    const old = await world.acquire(world.processes.start());
    await world.clock.advance(2 * HOUR);
    const successor = await world.acquire();
    const before = world.text;
    const { signal } = old;
    const refused = old.heartBeat();
    expect(signal.aborted).toBe(true);
    await expect(refused).rejects.toThrow(ErrLockLost);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_LOCK_LOST',
      lock: world.path,
      successor: { token: successor.token },
      message: expect.stringContaining(`PID ${world.processes.own.pid} on fake-host`),
    });
    await expect(refused).rejects.toBe(signal.reason);
    await expect(old.heartBeat()).rejects.toBe(signal.reason);
    expect(world.text).toBe(before);
  });

  it('rejects when the lock was broken, deleted, or replaced by something else', async () => {
    for (const remove of [
      (path: string) => breakLock(path, { force: true }),
      async (path: string) => rmSync(path),
      async (path: string) => writeFileSync(path, 'gone'),
    ]) {
      const world = new World();
      const lock = await world.acquire();
      await remove(world.path);
      await expect(lock.heartBeat()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', successor: null });
    }
  });

  it('rejects when the whole folder was deleted, and does not create it again', async () => {
    const world = new World();
    const lock = await world.acquire();
    rmSync(world.folder, { recursive: true });
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    expect(() => world.files).toThrow(/ENOENT/);
  });

  it("rejects with the disk's error if the disk refuses it, and the next one tries again", async () => {
    const world = new World();
    let isFull = false;
    const fileSystem = fileSystemWith({
      writeFileAtomicSync(path, data) {
        if (isFull) throw systemError('ENOSPC', 'write');
        writeFileSync(path, data);
      },
    });
    const store = fileStore({ ...world.as(), fileSystem });
    const lock = await world.acquire(undefined, { store, heartbeatMinimalInterval: '1m' });
    await world.clock.advance(MINUTE);
    isFull = true;
    const refused = lock.heartBeat();
    await expect(refused).rejects.toThrow(ErrLockStore);
    await expect(refused).rejects.toMatchObject({
      code: 'ENOSPC',
      message: expect.stringContaining(`Cannot write a heartbeat to the lock ${world.path}: ENOSPC`),
    });
    expect(lock.signal.aborted).toBe(false);
    isFull = false;
    await lock.heartBeat();
    expect(JSON.parse(world.text).timestamp).toBe(new Date(world.clock.now()).toISOString());
    expect(world.files).toEqual(['job.lock']);
  });

  it('is an error of the store, and no loss, if the store names this holder but did not carry it out', async () => {
    const world = new World();
    const files = fileStore(world.as());
    let isRefusing = true;
    const refused = async (name: string): Promise<Outcome> => ({
      done: false,
      found: (await files.read(name))?.record ?? null,
    });
    const store = {
      ...delegate(files),
      beat: (...[name, token, beat]: Parameters<typeof files.beat>): Awaitable<Outcome> =>
        isRefusing ? refused(name) : files.beat(name, token, beat),
      remove: (name: string, token: string): Awaitable<Outcome> =>
        isRefusing ? refused(name) : files.remove(name, token),
    };
    const lock = await world.acquire(undefined, { store });
    const failure = { name: 'ErrLockStore', code: 'ERR_LOCK_UNCHANGED', isInDoubt: false };
    await expect(lock.heartBeat()).rejects.toMatchObject(failure);
    await expect(lock.setWorkers([])).rejects.toMatchObject(failure);
    await expect(lock.release()).rejects.toMatchObject(failure);
    expect(lock.signal.aborted).toBe(false);
    isRefusing = false;
    await lock.heartBeat();
    await lock.release();
    expect(world.files).toEqual([]);
  });

  it('finds a loss if the store names this holder as one that has released the lock', async () => {
    const world = new World();
    const files = fileStore(world.as());
    const lock = await world.acquire(undefined, { store: delegate(files), holdAtLeast: HOUR });
    await files.remove(world.path, lock.token, HOUR);
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  it('keeps the lock if a server that refused one for a while takes it, as a new primary does', async () => {
    const world = new World();
    const files = fileStore(world.as());
    let isDemoted = true;
    const store = {
      ...delegate(files),
      beat: (...[name, token, beat]: Parameters<typeof files.beat>): Awaitable<Outcome> => {
        if (isDemoted) throw new ErrLockStore(name, 'READONLY', 'This is a replica.');
        return files.beat(name, token, beat);
      },
    };
    const lock = await world.acquire(undefined, { store });
    await world.clock.advance(HOUR / 2);
    await expect(lock.heartBeat()).rejects.toMatchObject({ code: 'READONLY' });
    isDemoted = false;
    await lock.heartBeat();
    await world.clock.advance(HOUR);
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
  });

  it('does nothing after the release', async () => {
    const world = new World();
    const lock = await world.acquire();
    await lock.release();
    await expect(lock.heartBeat({ progress: 1 })).resolves.toBeUndefined();
    expect(world.files).toEqual([]);
  });

  it('shares one write with others that arrive meanwhile, if the store is slow', async () => {
    const world = new World();
    const beats: (() => void)[] = [];
    const files = fileStore(world.as());
    const store = {
      ...delegate(files),
      beat: (name: string, token: string): Awaitable<Outcome> =>
        new Promise((resolve) => beats.push(() => resolve(files.beat(name, token, {})))),
    };
    const lock = await world.acquire(undefined, { store });
    const first = lock.heartBeat();
    expect(lock.heartBeat()).toBe(first);
    expect(beats).toHaveLength(1);
    beats[0]?.();
    await first;
    void lock.heartBeat();
    expect(beats).toHaveLength(2);
  });
});

/** A store by its methods alone, so that a test can replace one of them. */
function delegate(store: ReturnType<typeof fileStore>): ReturnType<typeof fileStore> {
  return {
    resolve: (name) => store.resolve(name),
    read: (name) => store.read(name),
    claim: (name, claim, over) => store.claim(name, claim, over),
    beat: (name, token, beat) => store.beat(name, token, beat),
    remove: (name, token) => store.remove(name, token),
  };
}

describe('workers', () => {
  it('keep the lock while one of them is alive, although the holder was killed', async () => {
    const world = new World();
    const holder = world.processes.start();
    const lock = await world.acquire(holder, { heartbeatMinimalInterval: '1m' });
    const workers = [world.processes.start(), world.processes.start()];
    await lock.setWorkers(workers.map(({ pid }) => pid));
    holder.kill();
    for (const worker of workers) {
      await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
      worker.kill();
    }
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('stay named by later heartbeats, until others are', async () => {
    const world = new World();
    const lock = await world.acquire();
    const [one, other] = [world.processes.start(), world.processes.start()];
    const named = () => JSON.parse(world.text).workers?.map(({ pid }: { readonly pid: number }) => pid);
    await lock.setWorkers([one.pid]);
    await lock.heartBeat({ note: 'dumping' });
    expect(named()).toEqual([one.pid]);
    await lock.setWorkers([other.pid]);
    expect(named()).toEqual([other.pid]);
    await lock.setWorkers([]);
    expect(named()).toBeUndefined();
  });

  it('may be a process group, which keeps its start even if it is named again without its leader', async () => {
    const world = new World();
    const holder = world.processes.start();
    const lock = await world.acquire(holder);
    const leader = world.processes.start();
    const member = world.processes.start({}, { group: leader });
    await lock.setWorkers([{ group: leader.pid }]);
    const workers = () => JSON.parse(world.text).workers;
    const before = workers();
    expect(before).toMatchObject([{ pid: leader.pid, group: true, started: leader.identity.started }]);
    leader.kill();
    await lock.setWorkers([{ group: leader.pid }]);
    expect(workers()).toEqual(before);
    holder.kill();
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    member.kill();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('are told from later processes with the same PID', async () => {
    const world = new World();
    const holder = world.processes.start();
    const lock = await world.acquire(holder);
    const worker = world.processes.start();
    await lock.setWorkers([worker.pid]);
    holder.kill();
    worker.recycle();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it.each([
    ...[{ pids: [0] }, { pids: [-7] }, { pids: [1.5] }, { pids: [999_999] }, { pids: [1, 2, 3, 4, 5] }],
    ...[
      { pids: [{ group: 0 }] },
      { pids: [{ group: 1 }] },
      { pids: [{ group: -7 }] },
      { pids: [{ group: 999_999 }] },
    ],
  ])('are refused when there are no such processes: $pids', async ({ pids }) => {
    const world = new World();
    const lock = await world.acquire();
    const before = world.text;
    await expect(lock.setWorkers(pids)).rejects.toThrow(RangeError);
    expect(world.text).toBe(before);
  });

  it('of a lost lock are refused, and of a released one are ignored', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    await breakLock(world.path, { force: true, dependencies: world.as() });
    await expect(lock.setWorkers([])).rejects.toThrow(ErrLockLost);
    const released = await world.acquire();
    await released.release();
    await expect(released.setWorkers([])).resolves.toBeUndefined();
    expect(world.files).toEqual([]);
  });
});

describe('a release', () => {
  it('lets the next contender in, and can be called again', async () => {
    const world = new World();
    const lock = await world.acquire();
    await Promise.all([lock.release(), lock.release()]);
    await lock.release();
    expect(world.files).toEqual([]);
    const next = await world.acquire();
    expect(next.fencingToken).toBeGreaterThan(0);
    await lock.release();
    expect(world.text).toContain(next.token);
  });

  it('rejects after a takeover, at every call, and leaves the new holder unchanged', async () => {
    const world = new World();
    const old = await world.acquire(world.processes.start());
    await world.clock.advance(2 * HOUR);
    await world.acquire();
    const before = world.text;
    await expect(old.release()).rejects.toThrow(ErrLockLost);
    await expect(old.release()).rejects.toThrow(ErrLockLost);
    expect(world.text).toBe(before);
  });

  it("rejects with the disk's error if the disk refuses it; the lock is still held, and the next call tries again", async () => {
    const world = new World();
    let isBroken = true;
    const fileSystem = fileSystemWith({
      unlinkSync(path) {
        if (isBroken && path === world.path) throw systemError('EIO', 'unlink');
        rmSync(path);
      },
    });
    const lock = await world.acquire(undefined, { store: fileStore({ ...world.as(), fileSystem }) });
    await expect(lock.release()).rejects.toMatchObject({ code: 'EIO' });
    await expect(world.acquire()).rejects.toMatchObject({ code: 'ERR_LOCK_BUSY' });
    await lock.heartBeat();
    isBroken = false;
    await lock.release();
    expect(world.files).toEqual([]);
  });

  it('is automatic with `await using`', async () => {
    const world = new World();
    {
      await using lock = await world.acquire();
      expect(world.text).toContain(lock.token);
    }
    expect(world.files).toEqual([]);
  });
});

describe('the end of a block with `await using`', () => {
  async function lose(world: World, work: (lock: Lock) => Promise<unknown>): Promise<unknown> {
    try {
      await using lock = await world.acquire(world.processes.start());
      await world.clock.advance(2 * HOUR);
      await world.acquire();
      await work(lock);
    } catch (error) {
      return error;
    }
    return 'no error';
  }

  it('does not wrap a loss that a heartbeat has reported', async () => {
    expect(await lose(new World(), (lock) => lock.heartBeat())).toBeInstanceOf(ErrLockLost);
  });

  it('does not wrap a loss that a release within it has reported', async () => {
    expect(await lose(new World(), (lock) => lock.release())).toBeInstanceOf(ErrLockLost);
  });

  it('reports a loss that nobody has noticed', async () => {
    const world = new World();
    expect(await lose(world, () => world.clock.advance(MINUTE))).toBeInstanceOf(ErrLockLost);
  });
});

describe('a loss that only the lock itself has found', () => {
  it('by a release in doubt is reported at the end of the block', async () => {
    const world = new World();
    let isBroken = true;
    const files = fileStore(world.as());
    const store: Store = {
      ...delegate(files),
      remove: (...removal) => {
        if (isBroken) throw new Error('The answer is lost.');
        return files.remove(...removal);
      },
    };
    const lock = await world.acquire(undefined, { store });
    await expect(lock.release()).rejects.toThrow('The answer is lost.');
    isBroken = false;
    rmSync(world.path);
    await world.acquire(world.processes.start());
    await world.clock.advance(MINUTE);
    expect(lock.signal.aborted).toBe(true);
    await expect(lock[Symbol.asyncDispose]()).rejects.toBeInstanceOf(ErrLockLost);
  });
});

describe('the signal', () => {
  it('aborts between heartbeats when the lock is taken over', async () => {
    const world = new World();
    const old = await world.acquire(world.processes.start());
    await world.clock.advance(2 * HOUR);
    const { signal } = old;
    const successor = await world.acquire();
    expect(signal.aborted).toBe(false);
    await world.clock.advance(30 * SECOND);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST', successor: { token: successor.token } });
    expect(world.text).toContain(successor.token);
  });

  it('is aborted already when it is first asked for after the loss', async () => {
    const world = new World();
    const lock = await world.acquire();
    rmSync(world.path);
    await world.clock.advance(30 * SECOND);
    expect(lock.signal.aborted).toBe(true);
    expect(lock.signal.reason).toBeInstanceOf(ErrLockLost);
  });

  it('does not abort just because the store cannot be read', async () => {
    const world = new World();
    let isBroken = false;
    const fileSystem = fileSystemWith({
      lstatSync: () => {
        if (isBroken) throw systemError('EIO', 'lstat');
        return undefined;
      },
    });
    const lock = await world.acquire(undefined, { store: fileStore({ ...world.as(), fileSystem }) });
    isBroken = true;
    await world.clock.advance(5 * MINUTE);
    expect(lock.signal.aborted).toBe(false);
  });

  it('never aborts after the release, and no check goes on', async () => {
    const world = new World();
    const lock = await world.acquire();
    expect(world.clock.sleeping).toBe(1);
    await lock.release();
    expect(world.clock.sleeping).toBe(0);
    await world.clock.advance(HOUR);
    expect(lock.signal.aborted).toBe(false);
    expect(world.clock.sleeping).toBe(0);
  });

  it('shares one timer among all locks of the process, and each of them finds its own loss', async () => {
    const world = new World();
    const first = await world.acquire();
    await first.release();
    const second = await world.acquire();
    const other = await acquire(`${world.path}.other`, { dependencies: world.as() });
    const third = await acquire(`${world.path}.third`, { dependencies: world.as() });
    expect(world.clock.sleeping).toBe(1);
    await third.release();
    expect(world.clock.sleeping).toBe(1);
    rmSync(world.path);
    await world.clock.advance(30 * SECOND);
    expect([first, second, other].map(({ signal }) => signal.aborted)).toEqual([false, true, false]);
    await other.release();
    expect(world.clock.sleeping).toBe(0);
  });

  it('finds the loss of a lock acquired after a reboot, although no timer survives that', async () => {
    const world = new World();
    await world.acquire();
    world.clock.reboot();
    world.processes.reboot();
    const lock = await world.acquire();
    rmSync(world.path);
    await world.clock.advance(30 * SECOND);
    expect(lock.signal.aborted).toBe(true);
  });
});

describe('the handle', () => {
  it("gives the lock's name, its token and its fencing token", async () => {
    const world = new World();
    const lock = await world.acquire(undefined, { command: 'nightly' });
    expect(lock).toMatchObject({ name: world.path, acquiredAt: new Date(world.clock.now()) });
    expect(JSON.parse(world.text)).toMatchObject({
      token: lock.token,
      fencing_token: lock.fencingToken,
      command: 'nightly',
      process_id: world.processes.own.pid,
    });
    expect(Number.isSafeInteger(lock.fencingToken)).toBe(true);
  });

  it("has the time as its fencing token if there was no earlier holder, and one greater than any predecessor's if the clock was set back", async () => {
    const world = new World();
    const holder = world.processes.start();
    const first = await world.acquire(holder);
    expect(first.fencingToken).toBeGreaterThanOrEqual(world.clock.now() * 1000);
    world.clock.stepWallClock(-24 * HOUR);
    holder.kill();
    const second = await world.acquire();
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await second.release();
    const third = await world.acquire();
    expect(third.fencingToken).toBeGreaterThan(second.fencingToken);
  });

  it('shows the script and its arguments by default', async () => {
    const world = new World();
    const { argv } = process;
    process.argv = ['/usr/bin/node', 'import.js', '--all'];
    try {
      await acquire(world.path, { dependencies: world.as() });
    } finally {
      process.argv = argv;
    }
    expect(JSON.parse(world.text).command).toBe('import.js --all');
  });
});
