import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../src/stores/file/file-system.js';
import { GuardHeld, runGuarded } from '../../src/stores/file/guard.js';
import type { FakeProcess } from '../../src/testing/index.js';
import { fileSystemWith, systemError, World } from '../support.js';

/** Leaves the guard as a process would that was killed, or is paused, inside. */
function abandonInside(world: World, process: FakeProcess): void {
  const stopped = new Error('stopped');
  const stoppedFileSystem: FileSystem = fileSystemWith({
    unlinkSync() {
      throw stopped;
    },
    rmdirSync() {
      throw stopped;
    },
  });
  runGuarded(stoppedFileSystem, world.as(process).processes, world.path, () => {});
}

function enter<T>(world: World, section: () => T, fs: FileSystem = systemFileSystem): T {
  return runGuarded(fs, world.processes, world.path, section);
}

describe('the guard', () => {
  it('is there while the section runs, and gone afterwards, also when the section fails', () => {
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

  it('lets nobody in while its owner lives, however long that takes, and says who it is', () => {
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

  it('is not taken from a living owner by who was paused right after looking', () => {
    const world = new World();
    abandonInside(world, world.processes.start());
    // What proper-lockfile compares the answer with: by then half a minute and more has passed.
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

  it('is taken at once when it is empty: its owner was about to leave', () => {
    const world = new World();
    mkdirSync(`${world.path}.guard`);
    expect(enter(world, () => 'in')).toBe('in');
    expect(world.files).toEqual([]);
  });

  it('is taken from an owner of whom nothing can be learnt only after half a minute', () => {
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

  it('that a thread could not remove does not keep that same thread out', () => {
    const world = new World();
    abandonInside(world, world.processes.own);
    expect(enter(world, () => 'in')).toBe('in');
    expect(world.files).toEqual([]);
  });

  it.each(['h', 'ö', '機'])(
    'that it could not remove does not keep a thread out whose host has a name of 64 %s',
    (letter) => {
      const world = new World();
      const own = world.processes.start({ hostname: letter.repeat(64) });
      abandonInside(world, own);
      expect(runGuarded(systemFileSystem, world.as(own).processes, world.path, () => 'in')).toBe('in');
    },
  );

  it('is removed by a late robber only if its owner is still the one that the robber had seen', () => {
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
        if (!isOvertaken) {
          isOvertaken = true;
          for (const name of names) systemFileSystem.unlinkSync(join(path, name));
          systemFileSystem.rmdirSync(path);
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

  it('is tried again when a sweeper took the folder for litter on its way in', () => {
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

  it('gives the section its due even if it cannot be removed', () => {
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

  it.each(['mkdirSync', 'openSync', 'closeSync', 'renameSync'] as const)(
    'passes on what the system says, and leaves nothing behind, when %s fails',
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

  it('does not mistake a file of that name for a guard, nor remove it', () => {
    const world = new World();
    writeFileSync(`${world.path}.guard`, 'mine');
    expect(() => enter(world, () => 'in')).toThrow(/ENOTDIR/);
    expect(world.files).toEqual(['job.lock.guard']);
  });

  it('goes by the age of the folder where the name in it says nothing', () => {
    const world = new World();
    mkdirSync(`${world.path}.guard`);
    writeFileSync(join(`${world.path}.guard`, '%E0%A4%A,x'), '');
    expect(() => enter(world, () => 'in')).toThrow(GuardHeld);
    utimesSync(`${world.path}.guard`, 1, 1);
    expect(enter(world, () => 'in')).toBe('in');
  });
});
