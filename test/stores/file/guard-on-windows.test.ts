import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { GuardHeld } from '../../../src/stores/file/guard/run-guarded.js';
import { pretend } from '../../../support/replace.js';
import { systemError, World } from '../../../support/world.js';
import { abandonInside, countingFileSystem, enter, failing, IN, withoutPaths } from './guard/entering.js';

let world: World;
let guard: string;

beforeEach(() => {
  world = new World();
  guard = `${world.path}.guard`;
});

describe.skipIf(process.platform === 'win32')('on Windows, where no folder is replaced by rename', () => {
  /** Refuses what Windows does, and replaces a file, as Windows does. */
  function windows(code: string) {
    const counting = countingFileSystem({
      renameSync(from, to) {
        const there = systemFileSystem.lstatSync(to);
        const isFolder = systemFileSystem.lstatSync(from)?.isDirectory();
        if (isFolder && counting.open > 0) throw systemError(code, 'rename');
        if (isFolder && there?.isDirectory()) throw systemError(code, 'rename');
        if (isFolder && there !== undefined) systemFileSystem.unlinkSync(to);
        renameSync(from, to);
      },
    });
    // There a folder is looked at, and not opened.
    return { ...counting.changes, ...withoutPaths };
  }

  beforeEach(() => pretend('win32'));

  it.each(['EPERM', 'EACCES'])('the guard is entered, and is occupied meanwhile (%s)', (code) => {
    const changes = windows(code);
    const owner = world.processes.start();
    enter(
      world,
      () => expect(() => enter(world, IN, changes, { process: owner })).toThrow(GuardHeld),
      changes,
    );
    expect(world.files).toEqual([]);
  });

  it('an empty guard is removed first, and that of a dead owner, too', () => {
    const changes = windows('EPERM');
    systemFileSystem.mkdirSync(guard);
    expect(enter(world, IN, changes)).toBe('in');
    const owner = world.processes.start();
    abandonInside(world, owner);
    owner.kill();
    expect(enter(world, IN, changes)).toBe('in');
    expect(world.files).toEqual([]);
  });

  it('a file in the place of the guard stays there', () => {
    writeFileSync(guard, 'mine');
    expect(() => enter(world, IN, windows('EPERM'))).toThrow(
      /job\.lock\.guard is in the way: it is not a folder/,
    );
    expect(readFileSync(guard, 'utf8')).toBe('mine');
  });

  it('a full disk is not taken for an occupied guard', () => {
    expect(() => enter(world, IN, { ...windows('EPERM'), renameSync: failing('ENOSPC') })).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
  });

  it('what is written can be read at the end', () => {
    const changes = windows('EPERM');
    expect(enter(world, (stay) => readFileSync(stay.writeOwnerFile('signed'), 'utf8'), changes)).toBe(
      'signed',
    );
    enter(world, (stay) => stay.stage('staged', (staged) => renameSync(staged, world.path)), changes);
    expect(world.text).toBe('staged');
  });
});
