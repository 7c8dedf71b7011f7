import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serializeRecord } from '../../../src/core/record/record.js';
import type { Claim } from '../../../src/core/store.js';
import { acquire, ErrLockBusy, inspect } from '../../../src/index.js';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { fileStore } from '../../../src/stores/file/index.js';
import type { FakeProcess } from '../../../src/testing/index.js';
import { bareClaim } from '../../../support/claim.js';
import {
  fileSystemWith,
  HOUR,
  MINUTE,
  SECOND,
  someIdentity,
  someRecord,
  systemError,
  temporaryFolder,
  World,
} from '../../../support/world.js';

function claimOf(world: World): Claim {
  return bareClaim(randomUUID(), world.processes.self());
}

describe('the file store', () => {
  it('creates a lock once', async () => {
    const world = new World();
    const store = fileStore(world.as());
    expect(await store.claim(world.path, claimOf(world))).toMatchObject({ done: true });
    expect(await store.claim(world.path, claimOf(world))).toMatchObject({ done: false });
    expect(world.files).toEqual(['job.lock']);
  });

  it('replaces exactly the version that is named', async () => {
    const world = new World();
    const store = fileStore(world.as());
    const claim = claimOf(world);
    await store.claim(world.path, claim);
    const version = (await store.read(world.path))?.version;
    await store.beat(world.path, claim.token, { progress: { ratio: 0.1, note: null } });
    expect(await store.claim(world.path, claimOf(world), version)).toMatchObject({
      done: false,
      found: { token: claim.token, progress: { ratio: 0.1 } },
    });
    const newVersion = (await store.read(world.path))?.version;
    expect(await store.claim(world.path, claimOf(world), newVersion)).toMatchObject({ done: true });
  });

  it('gives way to a contender that creates the folder, and the lock in it, at the same time', async () => {
    const world = new World();
    const path = join(world.folder, 'new', 'job.lock');
    const other = { store: fileStore(world.as()), claim: claimOf(world) };
    let isFirst = true;
    const fileSystem = fileSystemWith({
      mkdirSync(folder) {
        if (!isFirst) return systemFileSystem.mkdirSync(folder);
        isFirst = false;
        // The first claim creates the folder, the second one the lock.
        other.store.claim(path, other.claim);
        other.store.claim(path, other.claim);
        throw systemError('ENOENT', 'mkdir');
      },
    });
    const store = fileStore({ ...world.as(), fileSystem });
    expect(await store.claim(path, claimOf(world))).toMatchObject({ done: false });
    expect(await store.read(path)).toMatchObject({ record: { token: other.claim.token } });
  });

  it('is never replaced by a part of a file', async () => {
    const world = new World();
    const fileSystem = fileSystemWith({
      writeFileAtomicSync: (path, data, mode) =>
        systemFileSystem.writeFileAtomicSync(path, data.slice(0, 100), mode),
    });
    const store = fileStore({ ...world.as(), fileSystem });
    const claim = claimOf(world);
    await store.claim(world.path, claim);
    const before = world.text;
    const beat = () => store.beat(world.path, claim.token, { progress: { ratio: 0.5, note: null } });
    expect(beat).toThrow(/EFBIG: only a part of the file could be written\. Raise the limit/);
    expect(world.text).toBe(before);
    expect(world.files).toEqual(['job.lock']);
  });

  it('does not replace a lock that is gone', async () => {
    const world = new World();
    const store = fileStore(world.as());
    expect(await store.claim(world.path, claimOf(world), 'some version')).toEqual({
      done: false,
      found: null,
    });
    expect(world.files).toEqual([]);
  });

  it('renews and releases for the token that holds the lock, and for no other', async () => {
    const world = new World();
    const store = fileStore(world.as());
    const claim = claimOf(world);
    await store.claim(world.path, claim);
    const before = world.text;
    for (const outcome of [store.beat(world.path, 'other', {}), store.remove(world.path, 'other')]) {
      expect(await outcome).toMatchObject({ done: false, found: { token: claim.token } });
    }
    expect(world.text).toBe(before);
    expect(await store.remove(world.path, claim.token)).toMatchObject({ done: true });
    expect(await store.remove(world.path, claim.token)).toEqual({ done: false, found: null });
    expect(await store.beat(world.path, claim.token, {})).toEqual({ done: false, found: null });
  });

  it('creates the lock inside the guard if the file system has no hard links', async () => {
    for (const code of ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']) {
      const world = new World();
      const fileSystem = fileSystemWith({
        linkSync() {
          throw systemError(code, 'link');
        },
      });
      const store = fileStore({ ...world.as(), fileSystem });
      const lock = await world.acquire(undefined, { store });
      expect(world.files).toEqual(['job.lock']);
      await expect(world.acquire(undefined, { store })).rejects.toThrow(ErrLockBusy);
      expect(await store.claim(world.path, claimOf(world))).toMatchObject({ done: false });
      await lock.heartBeat();
      await lock.release();
      expect(world.files).toEqual([]);
    }
  });

  it('knows that it created the lock if only the answer was lost, as over NFS', async () => {
    const world = new World();
    const fileSystem = fileSystemWith({
      linkSync(existing, path) {
        systemFileSystem.linkSync(existing, path);
        throw systemError('EEXIST', 'link');
      },
    });
    await world.acquire(undefined, { store: fileStore({ ...world.as(), fileSystem }) });
    expect(world.files).toEqual(['job.lock']);
  });

  it('tries again if the guard, with its file in it, was taken from it', async () => {
    const world = new World();
    let swept = 0;
    const fileSystem = fileSystemWith({
      linkSync(existing, path) {
        if (swept++ === 0) systemFileSystem.unlinkSync(existing);
        systemFileSystem.linkSync(existing, path);
      },
    });
    await world.acquire(undefined, { store: fileStore({ ...world.as(), fileSystem }) });
    expect(swept).toBe(2);
    expect(world.files).toEqual(['job.lock']);
  });

  it('reports the lock as busy if another process is stuck in the middle of changing it', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    holder.kill();
    const paused = world.processes.start();
    const stop = (): never => {
      throw systemError('EIO', 'made up');
    };
    const stuck = fileSystemWith({ unlinkSync: stop, rmdirSync: stop, writeFileAtomicSync: stop });
    await expect(
      world.acquire(paused, { store: fileStore({ ...world.as(paused), fileSystem: stuck }) }),
    ).rejects.toMatchObject({ code: 'EIO' });

    const refused = world.acquire();
    const busy = expect(refused).rejects.toMatchObject({
      code: 'ERR_LOCK_BUSY',
      reason: `PID ${paused.pid} on fake-host is changing it right now`,
    });
    await world.clock.advance(10 * SECOND);
    await busy;

    paused.kill();
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('rejects heartbeats and releases with EBUSY meanwhile, keeps the lock, and goes on when the guard is free', async () => {
    const world = new World();
    const lock = await world.acquire();
    const paused = world.processes.start();
    const guard = `${world.path}.guard`;
    mkdirSync(guard);
    const { bootId, pidNamespace, started } = paused.identity;
    const name = [randomUUID(), paused.pid, 0, started, bootId, pidNamespace, 'fake-host'].map((part) =>
      encodeURIComponent(String(part)),
    );
    writeFileSync(join(guard, name.join(',')), '');

    const beaten = expect(lock.heartBeat()).rejects.toMatchObject({
      code: 'EBUSY',
      message: expect.stringContaining(
        `PID ${paused.pid} on fake-host has been in the middle of changing ${world.path}`,
      ),
    });
    await world.clock.advance(10 * SECOND);
    await beaten;
    const released = expect(lock.release()).rejects.toMatchObject({ code: 'EBUSY' });
    await world.clock.advance(10 * SECOND);
    await released;
    expect(lock.signal.aborted).toBe(false);
    const beat = lock.heartBeat();
    paused.kill();
    await world.clock.advance(SECOND);
    await beat;
    await lock.release();
    expect(world.files).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('the owner of a lock file', () => {
  const NOBODY = 65534;

  it('is its last writer, and nobody else can write to it, whatever was there', async () => {
    const world = new World();
    const store = fileStore(world.as());
    const claim = claimOf(world);
    for (const mode of [0o4777, 0o133, 0o660, 0o600]) {
      world.write('999999');
      if (process.getuid?.() === 0) chownSync(world.path, NOBODY, NOBODY);
      chmodSync(world.path, mode);
      await store.claim(world.path, claim, (await store.read(world.path))?.version);
      await store.beat(world.path, claim.token, {});
      const status = statSync(world.path);
      expect(status.mode & 0o7777).toBe(0o644 & ~process.umask());
      expect(status.uid).toBe(process.geteuid?.());
    }
  });

  it('counts as its writer, unless somebody else may have written it', async () => {
    const world = new World();
    const store = fileStore(world.as());
    await store.claim(world.path, claimOf(world));
    const writer = async () => (await store.read(world.path))?.writer;
    expect(await writer()).toBe(process.geteuid?.());
    chmodSync(world.path, 0o664);
    expect(await writer()).toBeNull();
    chmodSync(world.path, 0o644);
    linkSync(world.path, join(world.folder, 'copy'));
    expect(await writer()).toBeNull();
  });
});

describe('when a lock file was written', () => {
  it('is its time or that of the record, whichever is later, and may be in the future', async () => {
    const world = new World();
    const now = world.clock.now();
    const writtenAge = async (timestamp: number, changed: number) => {
      world.write(serializeRecord(someRecord({ timestamp: new Date(now + timestamp) })), now + changed);
      return (await fileStore(world.as()).read(world.path))?.writtenAge;
    };
    expect(await writtenAge(-HOUR, -MINUTE)).toBeCloseTo(MINUTE, 0);
    expect(await writtenAge(-MINUTE, -HOUR)).toBeCloseTo(MINUTE, 0);
    expect(await writtenAge(-HOUR, SECOND)).toBeCloseTo(-SECOND, 0);
    expect(await writtenAge(SECOND, -HOUR)).toBeCloseTo(-SECOND, 0);
  });
});

describe('a heartbeat read from a file', () => {
  const inContainer = { bootId: 'fake-boot-1', pidNamespace: 'pid:[4026532999]' };

  it('is aged by the monotonic clock of the same boot, and never negative', async () => {
    const world = new World();
    const process = someIdentity(inContainer);
    world.write(serializeRecord(someRecord({ process, monotonic: world.clock.monotonic() + 5 })));
    expect(await fileStore(world.as()).read(world.path)).toMatchObject({ age: 0, provenance: 'this-boot' });
    world.clock.stepWallClock(-HOUR);
    await world.clock.advance(MINUTE + 5);
    expect(await fileStore(world.as()).read(world.path)).toMatchObject({ age: MINUTE });
  });

  it('is of unknown provenance on a network file system', async () => {
    const world = new World();
    const NFS = 0x6969;
    const fileSystem = fileSystemWith({ statfsSync: () => ({ type: NFS }) });
    const store = fileStore({ ...world.as(), fileSystem });
    world.write(serializeRecord(someRecord({ process: someIdentity({ bootId: 'another' }) })));
    expect(await store.read(world.path)).toMatchObject({ provenance: 'unknown' });
    world.write('4242');
    expect(await store.read(world.path)).toMatchObject({ provenance: 'unknown' });
    const unreadable = fileSystemWith({
      statfsSync() {
        throw systemError('EIO', 'statfs');
      },
    });
    expect(await fileStore({ ...world.as(), fileSystem: unreadable }).read(world.path)).toMatchObject({
      provenance: 'unknown',
    });
  });

  it('is aged, in a classic PID file, by the modification time of the file', async () => {
    const world = new World();
    world.write('4242\n', world.clock.now() - 5 * MINUTE);
    expect(await fileStore(world.as()).read(world.path)).toMatchObject({
      age: 5 * MINUTE,
      record: { processId: 4242 },
    });
  });
});

describe('any bytes at all', () => {
  it('give a verdict, and nothing is changed', async () => {
    const world = new World();
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
      fc
        .dictionary(
          fc.constantFrom('process_id', 'timestamp', 'process', 'token', 'stale_timeout_ms'),
          fc.jsonValue(),
        )
        .map((fields) => Buffer.from(JSON.stringify(fields))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        world.write(content);
        const { state } = await inspect(world.path, { dependencies: world.as() });
        expect(['live', 'stalled', 'dead', 'foreign']).toContain(state);
      }),
    );
  });
});

describe.skipIf(process.platform !== 'linux')('in a folder that others can replace', () => {
  /** Replaces the folder of the lock by another one, with a lock of the same name, before a call. */
  function swapping(world: World, call: 'renameSync' | 'unlinkSync' | 'linkSync') {
    const folder = join(world.folder, 'shared', 'locks');
    const victim = join(world.folder, 'victim');
    for (const made of [dirname(folder), folder, victim]) mkdirSync(made);
    chmodSync(dirname(folder), 0o777);
    writeFileSync(join(victim, 'job.lock'), 'not a lock');
    let isArmed = false;
    const arm = () => {
      isArmed = true;
    };
    const fileSystem = fileSystemWith({
      [call](from: string, to: string) {
        if (isArmed && [from, to].some((path) => path?.endsWith('/job.lock'))) {
          isArmed = false;
          renameSync(folder, `${folder}.away`);
          symlinkSync(victim, folder);
        }
        return Reflect.apply(systemFileSystem[call], systemFileSystem, [from, to]);
      },
    });
    const store = fileStore({ ...world.as(), fileSystem });
    const seen = () => readdirSync(victim).map((name) => readFileSync(join(victim, name), 'utf8'));
    return { store, path: join(folder, 'job.lock'), arm, seen };
  }

  it.each(['renameSync', 'unlinkSync', 'linkSync'] as const)(
    'uses the folder that it has opened, whatever is in its place at %s',
    async (call) => {
      const world = new World();
      const { store, path, arm, seen } = swapping(world, call);
      const claim = claimOf(world);
      if (call === 'linkSync') arm();
      expect(await store.claim(path, claim)).toMatchObject({ done: true });
      if (call !== 'linkSync') arm();
      if (call === 'renameSync')
        expect(await store.beat(path, claim.token, {})).toMatchObject({ done: true });
      if (call === 'unlinkSync') expect(await store.remove(path, claim.token)).toMatchObject({ done: true });
      expect(seen()).toEqual(['not a lock']);
    },
  );
});

describe('litter', () => {
  const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e';

  function ownerFileOf({ identity: { pid, started, bootId, pidNamespace } }: FakeProcess): string {
    return [uuid, pid, 0, started, bootId, pidNamespace, '']
      .map((part) => encodeURIComponent(String(part)))
      .join(',');
  }

  async function takeOver(world: World): Promise<void> {
    const holder = world.processes.start();
    await world.acquire(holder);
    holder.kill();
    await world.acquire();
  }

  it('of dead processes is swept by the next takeover', async () => {
    const world = new World();
    const dead = world.processes.start();
    dead.kill();
    mkdirSync(`${world.path}.guard.${uuid}`);
    writeFileSync(join(`${world.path}.guard.${uuid}`, ownerFileOf(dead)), '');
    await takeOver(world);
    expect(world.files).toEqual(['job.lock']);
  });

  it('that says nothing about its owner is swept too', async () => {
    const world = new World();
    mkdirSync(`${world.path}.guard.${uuid}`);
    await takeOver(world);
    expect(world.files).toEqual(['job.lock']);
  });

  it.each(['ago', 'ahead'])(
    'of owners about which nothing is known is swept when it is half a minute %s',
    async (when) => {
      const world = new World();
      const elsewhere = world.processes.start({ pidNamespace: 'pid:[4026532999]' });
      const [old, recent] = [uuid, uuid.replace('0f', '1f')].map((name) => `${world.path}.guard.${name}`);
      for (const folder of [old, recent]) {
        mkdirSync(folder ?? '');
        writeFileSync(join(folder ?? '', ownerFileOf(elsewhere)), '');
      }
      const seconds = Date.now() / 1000 + (when === 'ago' ? -31 : 31);
      utimesSync(old ?? '', seconds, seconds);
      await takeOver(world);
      expect(world.files).toEqual(['job.lock', basename(recent ?? '')]);
    },
  );

  it('that a sweeper was about to remove is swept, even if it names a living process', async () => {
    const world = new World();
    const condemned = `${world.path}.guard.${uuid}.swept`;
    mkdirSync(condemned);
    writeFileSync(join(condemned, ownerFileOf(world.processes.start())), '');
    await takeOver(world);
    expect(world.files).toEqual(['job.lock']);
  });

  it('does not include what living processes are about to use', async () => {
    const world = new World();
    const living = world.processes.start();
    const elsewhere = world.processes.start({ bootId: 'another' });
    const kept = [`job.lock.guard.${uuid}`, `job.lock.guard.${uuid.replace('0f', '1f')}`];
    for (const [index, process] of [living, elsewhere].entries()) {
      const entrance = join(world.folder, kept[index] ?? '');
      mkdirSync(entrance);
      writeFileSync(join(entrance, ownerFileOf(process)), '');
    }
    await takeOver(world);
    expect(world.files).toEqual(['job.lock', ...kept]);
  });

  it('does not include another held lock whose name is that of this one plus a number', async () => {
    const world = new World();
    const shard = `${world.path}.1`;
    const lock = await acquire(shard, { dependencies: world.as(world.processes.start()) });
    await takeOver(world);
    await expect(acquire(shard, { dependencies: world.as() })).rejects.toThrow(ErrLockBusy);
    await lock.release();
  });

  it.skipIf(process.platform === 'win32')(
    "does not include what others put beside the lock, even under names like the library's",
    async () => {
      const world = new World();
      const kept = [
        'job.lock.20260101',
        'job.lock.bak',
        'job.lock.guard.bak',
        'job.lock2',
        'other.lock.1',
        'x.tmp',
      ];
      const empty = ['job.lock.1', 'job.lock.3141592653', 'job.lock.tmp', `job.lock.${uuid}.tmp`];
      for (const name of kept) writeFileSync(join(world.folder, name), 'precious');
      for (const name of empty) writeFileSync(join(world.folder, name), '');
      symlinkSync('nowhere', join(world.folder, 'job.lock.7'));
      await takeOver(world);
      expect(world.files).toEqual(['job.lock', 'job.lock.7', ...kept, ...empty].sort());
    },
  );

  it.skipIf(process.platform === 'win32')(
    'does not include a folder with other files, nor one that a link leads to, whatever their names are',
    async () => {
      const world = new World();
      const victim = temporaryFolder();
      const dead = world.processes.start();
      dead.kill();
      for (const name of ['shadow', ownerFileOf(dead)]) writeFileSync(join(victim, name), '');
      symlinkSync(victim, `${world.path}.guard.${uuid}`);
      symlinkSync(victim, `${world.path}.guard.${uuid}.swept`);
      const foreign = `${world.path}.guard.${uuid.replace('0f', '1f')}`;
      mkdirSync(foreign);
      for (const name of ['notes.txt', ownerFileOf(dead)]) writeFileSync(join(foreign, name), '');
      const before = [victim, foreign].map((folder) => readdirSync(folder));
      await takeOver(world);
      expect([victim, foreign].map((folder) => readdirSync(folder))).toEqual(before);
      expect(world.files).toHaveLength(4);
    },
  );
});
