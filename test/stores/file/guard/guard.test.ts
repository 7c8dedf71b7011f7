import { readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrNotALock } from '../../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../../src/stores/file/file-system.js';
import type { GuardSection } from '../../../../src/stores/file/guard/guard-types.js';
import { GuardHeld } from '../../../../src/stores/file/guard/run-guarded.js';
import type { Life } from '../../../../src/system/signs-of-life/sign-of-life.js';
import { systemError, temporaryFolder, World } from '../../../../support/world.js';
import { abandonInside, countingFileSystem, enter, failing, IN, withoutPaths } from './entering.js';

let world: World;
let guard: string;

beforeEach(() => {
  world = new World();
  guard = `${world.path}.guard`;
});

describe('after an entry no file and no folder is open', () => {
  it.each<[what: string, section: (stay: GuardSection) => unknown, changes?: Partial<FileSystem>]>([
    ['was left', IN],
    ['was left after a file was staged', (stay) => stay.stage('text', () => {})],
    ["was left after the owner's file was written", (stay) => stay.writeOwnerFile('text')],
    ['was left, but not removed', IN, { unlinkSync: failing('EIO'), rmdirSync: failing('EIO') }],
    ['could not be renamed', IN, { renameSync: failing('ENOSPC') }],
    ['is occupied, as it seems', IN, { renameSync: failing('ENOTEMPTY') }],
    ['was exchanged', IN, { readdirSync: () => ['notes.txt'] }],
  ])('if the guard %s', (_, section, changes) => {
    const counting = countingFileSystem(changes);
    try {
      enter(world, section, counting.changes);
    } catch {
      // Others test how it fails.
    }
    expect(counting.open).toBe(0);
  });

  it.each(['dead', 'alive'])('if its owner is %s', (state) => {
    const owner = world.processes.start();
    abandonInside(world, owner);
    if (state === 'dead') owner.kill();
    const counting = countingFileSystem();
    const entering = () => enter(world, IN, counting.changes);
    if (state === 'dead') expect(entering()).toBe('in');
    else expect(entering).toThrow(GuardHeld);
    expect(counting.open).toBe(0);
  });
});

describe('where no path leads to an open folder, as on macOS', () => {
  it('the guard is entered, kept by a living owner, and taken from a dead one', () => {
    expect(enter(world, () => world.files, withoutPaths)).toEqual(['job.lock.guard']);
    const owner = world.processes.start();
    abandonInside(world, owner);
    expect(() => enter(world, IN, withoutPaths)).toThrow(GuardHeld);
    owner.kill();
    expect(enter(world, IN, withoutPaths)).toBe('in');
    expect(world.files).toEqual([]);
  });
});

describe('a folder with which others replace the one that was created', () => {
  it.skipIf(process.platform !== 'linux')('is refused if something is in it, and stays as it is', () => {
    const victim = temporaryFolder();
    writeFileSync(join(victim, 'notes.txt'), 'mine');
    const exchanged: Partial<FileSystem> = {
      openFolderSync: () => systemFileSystem.openFolderSync(victim),
    };
    expect(() => enter(world, IN, exchanged)).toThrow(
      expect.objectContaining({ code: 'EPERM', message: expect.stringMatching(/other users have replaced/) }),
    );
    expect(readdirSync(victim)).toEqual(['notes.txt']);
    expect(world.files).toEqual([]);
  });
});

describe('an entry whose answer was lost', () => {
  it.each([
    { keepsSign: true, isClosed: true },
    { keepsSign: true, isClosed: false },
    { keepsSign: false, isClosed: true },
    { keepsSign: false, isClosed: false },
  ])('is taken back (with a sign of life: $keepsSign, in a closed folder: $isClosed)', (entrant) => {
    const life = world.processes.lifeOf();
    const lost: Partial<FileSystem> = {
      renameSync(from, to) {
        renameSync(from, to);
        throw systemError('EIO', 'rename');
      },
    };
    expect(() => enter(world, IN, lost, { life, ...entrant })).toThrow(/EIO/);
    expect(world.files).toEqual([]);
  });

  it('of a file that was staged makes no difference', () => {
    const lost: Partial<FileSystem> = {
      writeFileAtomicSync(path, data, mode) {
        systemFileSystem.writeFileAtomicSync(path, data, mode);
        throw systemError('EIO', 'write');
      },
    };
    enter(world, (stay) => stay.stage('text', (staged) => renameSync(staged, world.path)), lost);
    expect(world.text).toBe('text');
  });
});

describe('a guard that cannot be replaced', () => {
  it.each(['ENOTEMPTY', 'EEXIST'])('is occupied, if rename(2) says %s', (code) => {
    abandonInside(world, world.processes.start());
    expect(() => enter(world, IN, { renameSync: failing(code) })).toThrow(GuardHeld);
  });

  it.each(['ENOTDIR', 'ELOOP'])('is not a guard, if open(2) says %s', (code) => {
    writeFileSync(guard, '');
    const links: Partial<FileSystem> = {
      openFolderSync(path) {
        if (path === guard) throw systemError(code);
        return systemFileSystem.openFolderSync(path);
      },
    };
    expect(() => enter(world, IN, links)).toThrow(/job\.lock\.guard is in the way: it is not a folder/);
  });

  /** The guard belongs to that user, and rename(2) fails. */
  function guardOf(uid: number | undefined, code: string): Partial<FileSystem> {
    return {
      renameSync: failing(code),
      lstatSync(path) {
        if (path !== guard || uid === undefined) return systemFileSystem.lstatSync(path);
        return Object.assign(Object.create(statSync(world.folder)), { uid });
      },
    };
  }

  const OTHER = 4711;

  it.each(['EPERM', 'EACCES'])('because it belongs to another user (%s), is not a lock of ours', (code) => {
    expect(() => enter(world, IN, guardOf(OTHER, code))).toThrow(ErrNotALock);
    expect(() => enter(world, IN, guardOf(OTHER, code))).toThrow(
      'it belongs to user 4711, and cannot be replaced',
    );
  });

  it.skipIf(process.geteuid === undefined)('for any other reason, fails for that reason', () => {
    expect(() => enter(world, IN, guardOf(OTHER, 'ENOSPC'))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
    expect(() => enter(world, IN, guardOf(process.geteuid?.(), 'EACCES'))).toThrow(
      expect.objectContaining({ code: 'EACCES' }),
    );
    expect(() => enter(world, IN, guardOf(undefined, 'EACCES'))).toThrow(
      expect.objectContaining({ code: 'EACCES' }),
    );
  });
});

describe('a file that is staged', () => {
  it("gets the permissions of the owner's file, which nobody else may write", () => {
    const modes: (number | undefined)[] = [];
    const watched: Partial<FileSystem> = {
      writeFileAtomicSync(path, data, mode) {
        modes.push(mode);
        systemFileSystem.writeFileAtomicSync(path, data, mode);
      },
    };
    enter(
      world,
      (stay) => {
        const [owner = ''] = readdirSync(guard);
        stay.stage('text', () => {});
        expect(modes).toEqual([statSync(join(guard, owner)).mode & 0o777]);
        // Its file is closed by now.
        stay.writeOwnerFile('');
        stay.stage('text', () => {});
        expect(modes[1]).toBe(modes[0]);
      },
      watched,
    );
    expect(modes).toHaveLength(2);
  });
});

describe('a sign of life where signs cannot be moved', () => {
  function immovable(kept: string[]): Life {
    const life = world.processes.lifeOf();
    return {
      when: 'claiming',
      isMovable: false,
      needsLocalFiles: false,
      keep(path) {
        kept.push(path);
        return life.keep(path);
      },
      ask: (path, expected) => life.ask(path, expected),
    };
  }

  const place = (numbers: { readonly dev: number }) => join(world.folder, `sign.${numbers.dev}`);

  it('is kept at its place, whose name tells the device', () => {
    const kept: string[] = [];
    const { dev } = statSync(world.folder);
    const sign = enter(world, (stay) => stay.keepSign(place), {}, { life: immovable(kept), keepsSign: true });
    expect(sign).not.toBeNull();
    expect(kept).toEqual([place({ dev })]);
  });

  it('is not kept if none is needed, or if its device cannot be found out', () => {
    const kept: string[] = [];
    const life = immovable(kept);
    expect(enter(world, (stay) => stay.keepSign(place), {}, { life, keepsSign: false })).toBeNull();
    let isInside = false;
    const unreadable: Partial<FileSystem> = {
      lstatSync(path) {
        if (isInside) throw systemError('EIO');
        return systemFileSystem.lstatSync(path);
      },
    };
    const section = (stay: GuardSection) => {
      isInside = true;
      const sign = stay.keepSign(place);
      isInside = false;
      return sign;
    };
    expect(enter(world, section, unreadable, { life, keepsSign: true })).toBeNull();
    expect(kept).toEqual([]);
  });
});
