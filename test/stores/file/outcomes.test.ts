import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { serializeRecord } from '../../../src/core/record/record.js';
import type { Claim } from '../../../src/core/store.js';
import { ErrNotALock } from '../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import { ownerName } from '../../../src/stores/file/guard/guard-names.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { bareClaim } from '../../../support/claim.js';
import {
  fileSystemWith,
  HOUR,
  MINUTE,
  SECOND,
  someIdentity,
  someRecord,
  systemError,
  World,
} from '../../../support/world.js';

// What the store itself answers. A lock hides some of it, because it asks again.

let world: World;
let claim: Claim;

beforeEach(() => {
  world = new World();
  claim = bareClaim(randomUUID(), world.processes.self());
});

function storeWith(changes: Partial<FileSystem> = {}) {
  return fileStore({ ...world.as(), fileSystem: fileSystemWith(changes) });
}

/** Puts a lock there as another process would, and returns its version. */
async function found(text: string): Promise<string> {
  world.write(text);
  return (await storeWith().read(world.path))?.version ?? '';
}

describe('a claim', () => {
  it.each(['EEXIST', 'EIO', 'ENOENT', 'EPERM'])(
    'that created the lock is done, even if the answer was %s',
    async (code) => {
      const store = storeWith({
        linkSync(existing, path) {
          linkSync(existing, path);
          throw systemError(code, 'link');
        },
      });
      expect(await store.claim(world.path, claim)).toMatchObject({
        done: true,
        record: { token: claim.token },
      });
      expect(await store.read(world.path)).toMatchObject({ record: { token: claim.token } });
    },
  );

  it.each([
    ['there is another lock', 'EEXIST'],
    ['the guard was taken from it, with its file', 'ENOENT'],
  ])('is not done if %s', async (_, code) => {
    const store = storeWith({
      linkSync() {
        throw systemError(code, 'link');
      },
    });
    expect(await store.claim(world.path, claim)).toEqual({ done: false, found: null });
  });

  it('is not done if nobody can tell whether it created the lock', async () => {
    let isLinked = false;
    const store = storeWith({
      linkSync() {
        isLinked = true;
        throw systemError('EEXIST', 'link');
      },
      lstatSync(path) {
        if (isLinked) throw systemError('EIO', 'lstat');
        return systemFileSystem.lstatSync(path);
      },
    });
    expect(await store.claim(world.path, claim)).toEqual({ done: false, found: null });
  });

  it('is done where link(2) says that the guard is on another file system than the lock', async () => {
    const store = storeWith({
      linkSync() {
        throw systemError('EXDEV', 'link');
      },
    });
    expect(await store.claim(world.path, claim)).toMatchObject({ done: true });
    expect(world.files).toEqual(['job.lock']);
  });

  it('over a lock has a greater fencing token, even if that lock is from the future', async () => {
    const fencingToken = (world.clock.now() + HOUR) * 1000;
    const version = await found(serializeRecord(someRecord({ fencingToken })));
    const outcome = await storeWith().claim(world.path, claim, version);
    expect(outcome).toMatchObject({ done: true });
    const stored = await storeWith().read(world.path);
    expect(stored?.record?.fencingToken).toBeGreaterThan(fencingToken);
  });

  it('never replaces another kind of file, even if its version is named', async () => {
    const version = await found('name,amount\n');
    expect(() => storeWith().claim(world.path, claim, version)).toThrow(ErrNotALock);
    expect(world.text).toBe('name,amount\n');
  });

  it('fails for a reason other than another lock, even if there is one', async () => {
    world.write(serializeRecord(someRecord()));
    const store = storeWith({
      mkdirSync() {
        throw systemError('EIO', 'mkdir');
      },
    });
    expect(() => store.claim(world.path, claim)).toThrow(/EIO/);
  });

  it('fails in a folder in which nothing can be created, like /proc', async () => {
    const store = storeWith({
      mkdirSync(path) {
        if (path.includes('.guard')) throw systemError('ENOENT', 'mkdir');
        systemFileSystem.mkdirSync(path);
      },
    });
    expect(() => store.claim(world.path, claim)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});

describe('a holder of a lock', () => {
  beforeEach(async () => {
    expect(await storeWith().claim(world.path, claim)).toMatchObject({ done: true });
  });

  it('keeps its progress when it sends a heartbeat without any', async () => {
    const progress = { ratio: 0.25, note: 'a quarter' };
    await storeWith().beat(world.path, claim.token, { progress });
    await storeWith().beat(world.path, claim.token, {});
    expect(await storeWith().read(world.path)).toMatchObject({ record: { progress } });
  });

  it('cannot renew a lock that it has released, while it still counts as held', async () => {
    await storeWith().remove(world.path, claim.token, HOUR);
    const released = world.text;
    await world.clock.advance(MINUTE);
    expect(await storeWith().beat(world.path, claim.token, {})).toMatchObject({
      done: false,
      found: { token: claim.token },
    });
    expect(world.text).toBe(released);
  });

  it('cannot let the lock of another one count as held, nor one that is gone', async () => {
    const before = world.text;
    expect(await storeWith().remove(world.path, 'another', HOUR)).toMatchObject({
      done: false,
      found: { token: claim.token },
    });
    expect(world.text).toBe(before);
    unlinkSync(world.path);
    expect(await storeWith().remove(world.path, claim.token, HOUR)).toEqual({ done: false, found: null });
    expect(world.files).toEqual([]);
  });

  it('has renewed it, even if the answer was lost', async () => {
    const store = storeWith({
      renameSync(from, to) {
        systemFileSystem.renameSync(from, to);
        if (to === world.path) throw systemError('EIO', 'rename');
      },
    });
    const progress = { ratio: 0.5, note: null };
    expect(await store.beat(world.path, claim.token, { progress })).toMatchObject({ done: true });
    expect(await store.read(world.path)).toMatchObject({ record: { progress } });
  });

  it('has released it, even if the answer was lost', async () => {
    const store = storeWith({
      unlinkSync(path) {
        systemFileSystem.unlinkSync(path);
        if (path === world.path) throw systemError('EIO', 'unlink');
      },
    });
    expect(await store.remove(world.path, claim.token)).toMatchObject({ done: true });
    expect(world.files).toEqual([]);
  });

  it('is not told that it has lost it when the guard cannot be made', () => {
    for (const code of ['ENOENT', 'EIO']) {
      const store = storeWith({
        mkdirSync() {
          throw systemError(code, 'mkdir');
        },
      });
      expect(() => store.beat(world.path, claim.token, {})).toThrow(expect.objectContaining({ code }));
      expect(() => store.remove(world.path, claim.token)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('is not told that it has lost it when the disk fails, even if the lock is gone', () => {
    unlinkSync(world.path);
    const store = storeWith({
      mkdirSync() {
        throw systemError('EIO', 'mkdir');
      },
    });
    expect(() => store.beat(world.path, claim.token, {})).toThrow(expect.objectContaining({ code: 'EIO' }));
  });
});

describe('a guard that stays occupied', () => {
  /** Leaves that file in the guard. */
  function occupy(name: string): void {
    mkdirSync(`${world.path}.guard`);
    writeFileSync(join(`${world.path}.guard`, name), '');
  }

  it('by a process of a host without a name, makes the lock busy, and says for how long there was no heartbeat', async () => {
    world.write(
      serializeRecord(someRecord({ process: someIdentity(), timestamp: new Date(world.clock.now() - HOUR) })),
    );
    const { bootId, pidNamespace } = world.processes.self();
    const owner = world.processes.start();
    const started = owner.identity.started;
    occupy(
      ownerName({ identity: { pid: owner.pid, started, bootId, pidNamespace, hostname: null }, thread: 0 }),
    );
    const refused = expect(storeWith().claim(world.path, claim)).rejects.toMatchObject({
      code: 'ERR_LOCK_BUSY',
      heartbeatAge: expect.closeTo(HOUR, -5),
      reason: `PID ${owner.pid} is changing it right now`,
    });
    await world.clock.advance(10 * SECOND);
    await refused;
  });

  it('by nobody in particular, leaves the lock as it is for certain', async () => {
    await storeWith().claim(world.path, claim);
    const before = world.text;
    occupy('.nfs000000000014b3a400000001');
    const refused = expect(storeWith().beat(world.path, claim.token, {})).rejects.toMatchObject({
      code: 'EBUSY',
      isInDoubt: false,
      message: expect.stringContaining(`another process has been in the middle of changing ${world.path}`),
    });
    await world.clock.advance(10 * SECOND);
    await refused;
    expect(world.text).toBe(before);
  });

  it('is tried again after a while, not at once', async () => {
    occupy('.nfs000000000014b3a400000001');
    let tries = 0;
    const claiming = storeWith({
      renameSync(from, to) {
        tries++;
        systemFileSystem.renameSync(from, to);
      },
    }).claim(world.path, claim);
    const refused = expect(claiming).rejects.toThrow(/another process is changing it right now/);
    await world.clock.advance(0);
    const atOnce = tries;
    await world.clock.advance(10 * SECOND);
    await refused;
    expect(tries).toBeGreaterThan(50);
    expect(atOnce).toBeLessThan(5);
    expect(readdirSync(world.folder)).toEqual(['job.lock.guard']);
  });
});

describe('what was attempted', () => {
  it('is a part of the error', async () => {
    const failing = {
      lstatSync() {
        throw systemError('EIO', 'lstat');
      },
      mkdirSync() {
        throw systemError('EIO', 'mkdir');
      },
    };
    expect(() => storeWith(failing).read(world.path)).toThrow(`Cannot read the lock ${world.path}`);
    expect(() => storeWith(failing).claim(world.path, claim)).toThrow(`Cannot create the lock ${world.path}`);
    await storeWith().claim(world.path, claim);
    expect(() => storeWith(failing).remove(world.path, claim.token)).toThrow(
      `Cannot release the lock ${world.path}`,
    );
    expect(readFileSync(world.path, 'utf8')).toContain(claim.token);
  });
});
