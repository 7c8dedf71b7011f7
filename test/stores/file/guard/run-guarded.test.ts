import { execFileSync } from 'node:child_process';
import {
  chownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { ErrNotALock } from '../../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../../src/stores/file/file-system.js';
import type { GuardContext } from '../../../../src/stores/file/guard/guard-context.js';
import type { GuardSection } from '../../../../src/stores/file/guard/guard-types.js';
import { GuardHeld, runGuarded } from '../../../../src/stores/file/guard/run-guarded.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { fileSystemWith, systemError, temporaryFolder, World } from '../../../../support/world.js';

/** What a process sees; by default everything it finds is of this boot. */
function context(
  world: World,
  process: FakeProcess = world.processes.own,
  fs: FileSystem = systemFileSystem,
): GuardContext {
  return {
    fs,
    processes: world.as(process).processes,
    life: null,
    keepsSign: false,
    keptSign: null,
    answers: new Map(),
    isOfEarlierBoot: () => false,
    isClosed: false,
  };
}

/** Leaves the guard like a process that was killed, or is paused, inside. */
function abandonInside(
  world: World,
  process: FakeProcess,
  section: (stay: GuardSection) => void = () => {},
): void {
  const stopped = new Error('stopped');
  const stoppedFileSystem: FileSystem = fileSystemWith({
    unlinkSync() {
      throw stopped;
    },
    rmdirSync() {
      throw stopped;
    },
  });
  runGuarded(context(world, process, stoppedFileSystem), world.path, section);
}

function fill(folder: string, name: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, name), '');
}

function enter<T>(world: World, section: (stay: GuardSection) => T, fs: FileSystem = systemFileSystem): T {
  return runGuarded(context(world, world.processes.own, fs), world.path, section);
}

type Obstacle = [what: string, put: (guard: string, world: World) => void, words: RegExp];

const isWindows = process.platform === 'win32';
/** Windows has no FIFOs, and only administrators may create links there. */
const LINKS: Obstacle[] = isWindows
  ? []
  : [
      ['a FIFO', (guard) => execFileSync('mkfifo', [guard]), /it is not a folder/],
      ['a link to a folder', (guard, { folder }) => symlinkSync(folder, guard), /it is not a folder/],
      ['a link to nothing', (guard) => symlinkSync('nowhere', guard), /it is not a folder/],
    ];

describe('the guard', () => {
  it('exists while the section runs, and is gone afterwards, even if the section fails', () => {
    const world = new World();
    expect(enter(world, () => world.files)).toEqual(['job.lock.guard']);
    expect(world.files).toEqual([]);
    expect(() =>
      enter(world, () => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(world.files).toEqual([]);
  });

  it('lets nobody in while its owner is alive, however long that takes, and says who the owner is', () => {
    const world = new World();
    const owner = world.processes.start();
    abandonInside(world, owner);
    utimesSync(`${world.path}.guard`, 0, 0);
    const refused = () => enter(world, () => 'in');
    expect(refused).toThrow(GuardHeld);
    try {
      refused();
    } catch (error) {
      expect(error).toMatchObject({ owner: { identity: owner.identity } });
    }
    expect(world.files).toEqual(['job.lock.guard']);
  });

  it('is not taken from a living owner by a process that was paused right after checking', () => {
    const world = new World();
    abandonInside(world, world.processes.start());
    // What proper-lockfile compares the answer with: by then more than half a minute has passed.
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 31_000);
    try {
      expect(() => enter(world, () => 'in')).toThrow(GuardHeld);
    } finally {
      clock.mockRestore();
    }
    expect(world.files).toEqual(['job.lock.guard']);
  });

  it('is taken from a dead owner at once', () => {
    const world = new World();
    const owner = world.processes.start();
    abandonInside(world, owner);
    owner.kill();
    expect(enter(world, () => 'in')).toBe('in');
    expect(world.files).toEqual([]);
  });

  it('is taken at once if it is empty: its owner was about to leave', () => {
    const world = new World();
    mkdirSync(`${world.path}.guard`);
    expect(enter(world, () => 'in')).toBe('in');
    expect(world.files).toEqual([]);
  });

  it('is taken from an owner about which nothing is known only after half a minute', () => {
    const world = new World();
    const owner = world.processes.start({ pidNamespace: 'pid:[4026532999]' });
    abandonInside(world, owner);
    expect(() => enter(world, () => 'in')).toThrow(GuardHeld);
    const seconds = Date.now() / 1000;
    utimesSync(`${world.path}.guard`, seconds - 25, seconds - 25);
    expect(() => enter(world, () => 'in')).toThrow(GuardHeld);
    utimesSync(`${world.path}.guard`, seconds - 35, seconds - 35);
    expect(enter(world, () => 'in')).toBe('in');
  });

  it('that a thread could not remove does not keep the same thread out', () => {
    const world = new World();
    abandonInside(world, world.processes.own);
    expect(enter(world, () => 'in')).toBe('in');
    expect(world.files).toEqual([]);
  });

  it.each(['h', 'ö', '機'])(
    'that a thread could not remove does not keep it out on a host with a name of 64 %s',
    (letter) => {
      const world = new World();
      const own = world.processes.start({ hostname: letter.repeat(64) });
      abandonInside(world, own);
      expect(runGuarded(context(world, own), world.path, () => 'in')).toBe('in');
    },
  );

  it('is removed by a late contender only if its owner is still the one that the contender saw', () => {
    const world = new World();
    const dead = world.processes.start();
    abandonInside(world, dead);
    dead.kill();
    const living = world.processes.start();
    let isOvertaken = false;
    // Between seeing the dead owner and removing its guard, somebody else does both and is inside.
    const slow = fileSystemWith({
      readdirSync(path) {
        const names = systemFileSystem.readdirSync(path);
        if (!isOvertaken && names.length > 0) {
          isOvertaken = true;
          for (const name of names) systemFileSystem.unlinkSync(join(path, name));
          systemFileSystem.rmdirSync(`${world.path}.guard`);
          abandonInside(world, living);
        }
        return names;
      },
    });
    expect(() => enter(world, () => 'in', slow)).toThrow(GuardHeld);
    expect(isOvertaken).toBe(true);
    expect(world.files).toEqual(['job.lock.guard']);
    expect(readdirSync(`${world.path}.guard`)[0]).toContain(`,${living.pid},`);
  });

  it('is tried again if a sweeper took the folder for litter during the entry', () => {
    const world = new World();
    let swept = 0;
    const fileSystem = fileSystemWith({
      renameSync(from, to) {
        if (swept++ === 0) throw systemError('ENOENT', 'rename');
        systemFileSystem.renameSync(from, to);
      },
    });
    expect(enter(world, () => 'in', fileSystem)).toBe('in');
    expect(world.files).toEqual([]);
  });

  it('does not lose the result of the section if it cannot be removed', () => {
    const world = new World();
    let refusals = 1;
    const fileSystem = fileSystemWith({
      unlinkSync(path) {
        if (refusals-- > 0) throw systemError('EIO', 'unlink');
        systemFileSystem.unlinkSync(path);
      },
    });
    expect(enter(world, () => 'done', fileSystem)).toBe('done');
    expect(world.files).toEqual([]);
  });

  it.each(['mkdirSync', 'openFolderSync', 'openSync', 'renameSync'] as const)(
    'passes on the system error, and leaves nothing behind, if %s fails',
    (call) => {
      const world = new World();
      const fileSystem = fileSystemWith({
        [call]() {
          throw systemError('ENOSPC', call);
        },
      });
      expect(() => enter(world, () => 'in', fileSystem)).toThrow(expect.objectContaining({ code: 'ENOSPC' }));
      expect(world.files).toEqual([]);
    },
  );

  it.each<Obstacle>([
    ['a file', (guard) => writeFileSync(guard, 'mine'), /job\.lock\.guard is in the way: it is not a folder/],
    ...LINKS,
    [
      'a folder with a file in it',
      (guard) => fill(guard, 'notes.txt'),
      /something else is in it: "notes\.txt"/,
    ],
    [
      'a folder with a name that says nothing',
      (guard) => fill(guard, '%E0%A4%A,x'),
      /something else is in it/,
    ],
    ['a folder with a folder in it', (guard) => mkdirSync(join(guard, 'a'), { recursive: true }), /"a"/],
  ])('leaves %s in its place alone, and says so', (_what, put, words) => {
    const world = new World();
    put(`${world.path}.guard`, world);
    utimesSync(world.folder, 1, 1);
    const before = readdirSync(world.folder, { recursive: true });
    expect(() => enter(world, () => 'in')).toThrow(ErrNotALock);
    expect(() => enter(world, () => 'in')).toThrow(words);
    expect(readdirSync(world.folder, { recursive: true })).toEqual(before);
  });

  it.skipIf(process.geteuid?.() !== 0)('names its owner if only that user could replace it', () => {
    const world = new World();
    mkdirSync(`${world.path}.guard`);
    chownSync(`${world.path}.guard`, 65534, 65534);
    const sticky = fileSystemWith({
      renameSync() {
        throw systemError('EPERM', 'rename');
      },
    });
    expect(() => enter(world, () => 'in', sticky)).toThrow(
      /job\.lock\.guard is in the way: it belongs to user 65534/,
    );
    expect(world.files).toEqual(['job.lock.guard']);
  });

  it('waits for a file that an NFS client still has open, and removes nothing', () => {
    const world = new World();
    fill(`${world.path}.guard`, '.nfs000000000014b3a400000001');
    expect(() => enter(world, () => 'in')).toThrow(GuardHeld);
    expect(readdirSync(`${world.path}.guard`)).toHaveLength(1);
  });

  it('keeps what others put beside a dead owner, and says so', () => {
    const world = new World();
    const owner = world.processes.start();
    abandonInside(world, owner);
    writeFileSync(`${world.path}.guard/notes.txt`, 'mine');
    owner.kill();
    expect(() => enter(world, () => 'in')).toThrow(/"notes\.txt"/);
    expect(readdirSync(`${world.path}.guard`)).toContain('notes.txt');
  });

  it('is cleared of what a dead owner wrote but did not move to its place', () => {
    const world = new World();
    const owner = world.processes.start();
    abandonInside(world, owner, (stay) => stay.stage('half', () => {}));
    const [name = ''] = readdirSync(`${world.path}.guard`).filter((file) => file.endsWith('.record'));
    // The name that write-file-atomic uses until the file is complete.
    writeFileSync(`${world.path}.guard/${name}.3141592653`, 'ha');
    expect(() => enter(world, () => 'in')).toThrow(GuardHeld);
    owner.kill();
    expect(enter(world, () => 'in')).toBe('in');
    expect(world.files).toEqual([]);
  });

  // Only the main thread may change the umask, and the mutation tester runs tests in a worker thread.
  const hasUmask = !isWindows && isMainThread;

  it.skipIf(!hasUmask)('writes only into its own folder, with permissions that let nobody else write', () => {
    const world = new World();
    const mask = process.umask(0o002);
    const rights = (path: string) => statSync(path).mode & 0o777;
    try {
      enter(world, (stay) => {
        expect(rights(`${world.path}.guard`)).toBe(0o755);
        stay.stage('text', (staged) => {
          expect(rights(staged)).toBe(0o644);
          expect(world.files).toEqual(['job.lock.guard']);
          renameSync(staged, world.path);
        });
        expect(rights(stay.writeOwnerFile('text'))).toBe(0o644);
      });
    } finally {
      process.umask(mask);
    }
    expect(world.files).toEqual(['job.lock']);
  });

  describe('of an owner about which nothing is known', () => {
    const elsewhere = { pidNamespace: 'pid:[4026532999]' };

    it.each(['a minute', 'a day', 'ten years'])(
      'does not last forever because its time is %s ahead',
      (ahead) => {
        const world = new World();
        abandonInside(world, world.processes.start(elsewhere));
        const seconds = Date.now() / 1000 + ({ 'a minute': 60, 'a day': 86_400 }[ahead] ?? 315_360_000);
        utimesSync(`${world.path}.guard`, seconds, seconds);
        expect(enter(world, () => 'in')).toBe('in');
      },
    );

    it('is free at once if the owner is from before the machine was started', () => {
      const world = new World();
      abandonInside(world, world.processes.start(elsewhere));
      const asked: unknown[] = [];
      const found = { ...context(world), isOfEarlierBoot: (...what: unknown[]) => asked.push(what) > 0 };
      expect(runGuarded(found, world.path, () => 'in')).toBe('in');
      expect(asked).toHaveLength(1);
    });
  });

  it.runIf(process.platform === 'linux')(
    'uses the folder that it has opened, whatever is put in its place',
    () => {
      const world = new World();
      const victim = temporaryFolder();
      const stolen = join(temporaryFolder(), 'stolen');
      const seen: string[] = [];
      // The owner of the lock's folder swaps it for a link to another one at each call.
      const swap = (folder: string) => {
        systemFileSystem.renameSync(folder, stolen);
        symlinkSync(victim, folder);
      };
      const beforeOwner = fileSystemWith({
        openSync(path, flags, mode) {
          const [entrance] = world.files.filter((name) => name.startsWith('job.lock.guard.'));
          if (flags === 'wx' && entrance !== undefined) swap(join(world.folder, entrance));
          const descriptor = systemFileSystem.openSync(path, flags, mode);
          seen.push(...readdirSync(victim));
          return descriptor;
        },
      });
      try {
        enter(world, () => 'in', beforeOwner);
      } catch {
        // A failure is one of the right answers.
      }
      expect(seen).toEqual([]);
    },
  );

  it.skipIf(isWindows)('refuses a folder with which others have replaced its own', () => {
    const world = new World();
    for (const lie of [{ uid: 12345 }, { mode: 0o40777 }]) {
      const fileSystem = fileSystemWith({
        openFolderSync(path) {
          const folder = systemFileSystem.openFolderSync(path);
          return { ...folder, status: Object.assign(Object.create(folder.status), lie) };
        },
      });
      expect(() => enter(world, () => 'in', fileSystem)).toThrow(/other users have replaced/);
      expect(world.files).toEqual([]);
    }
  });
});
