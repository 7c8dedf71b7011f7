import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../../../src/stores/file/file-system.js';
import { guardLifeName, ownerName } from '../../../../src/stores/file/guard/guard-names.js';
import { sweepLitter } from '../../../../src/stores/file/guard/litter.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { fileSystemWith, systemError, World } from '../../../../support/world.js';

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

let world: World;
/** A folder in which a process prepares to enter. */
let entrance: string;
/** The same, in the hands of a sweeper. */
let condemned: string;
let dead: FakeProcess;

beforeEach(() => {
  world = new World();
  entrance = `${world.path}.guard.${UUID}`;
  condemned = `${entrance}.swept`;
  dead = world.processes.start();
  dead.kill();
});

function sweep(changes: Partial<FileSystem> = {}): void {
  const context = {
    fs: fileSystemWith(changes),
    processes: world.as().processes,
    life: null,
    keepsSign: false,
    keptSign: null,
    answers: new Map(),
    isOfEarlierBoot: () => false,
    isClosed: true,
  };
  sweepLitter(context, world.path, { sign: null, writer: undefined });
}

function ownerOf({ identity }: FakeProcess): string {
  return ownerName({ identity, thread: 0 });
}

function fill(folder: string, ...names: readonly string[]): void {
  mkdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name), '');
}

/** A folder is opened by its path alone, as on macOS. */
const withoutPaths: Partial<FileSystem> = {
  openFolderSync: (path, followLinks) => ({
    ...systemFileSystem.openFolderSync(path, followLinks),
    path: null,
  }),
};

describe('the folder of a dead entrant', () => {
  it.each([
    ['where a path leads to an open folder', {}],
    ['where none does', withoutPaths],
  ])('is removed with its sign of life, %s', (_, changes) => {
    const owner = ownerOf(dead);
    fill(entrance, owner, guardLifeName(owner, 1));
    sweep(changes);
    expect(world.files).toEqual([]);
  });

  it('is removed if only the sign of life is left', () => {
    fill(entrance, guardLifeName(ownerOf(dead), 1));
    sweep();
    expect(world.files).toEqual([]);
  });

  it('has another name before anything in it is removed, so that it never becomes a guard half-swept', () => {
    fill(entrance, ownerOf(dead));
    const seen: string[][] = [];
    sweep({
      unlinkSync(path) {
        seen.push(world.files);
        systemFileSystem.unlinkSync(path);
      },
    });
    expect(seen).toEqual([[expect.stringMatching(/^job\.lock\.guard\.[-0-9a-f]{36}\.swept$/)]]);
    expect(world.files).toEqual([]);
  });

  it.each([
    ['an empty one', () => fill(entrance)],
    ['one that a sweeper has left', () => fill(condemned, ownerOf(dead))],
  ])('needs no other name if it is %s', (_, put) => {
    put();
    sweep({
      renameSync() {
        throw new Error('never');
      },
    });
    expect(world.files).toEqual([]);
  });

  it('stays if it is that of a living one', () => {
    fill(entrance, ownerOf(world.processes.start()));
    sweep();
    expect(world.files).toEqual([basename(entrance)]);
  });

  it('is closed afterwards, whatever is in it', () => {
    let open = 0;
    const counting: Partial<FileSystem> = {
      openFolderSync(path) {
        const folder = systemFileSystem.openFolderSync(path);
        open++;
        return {
          ...folder,
          close() {
            open--;
            folder.close();
          },
        };
      },
    };
    fill(entrance, ownerOf(dead));
    fill(condemned, 'notes.txt');
    sweep(counting);
    expect(open).toBe(0);
  });
});

describe('what is no litter', () => {
  it.each(['entrance', 'condemned'])(
    'is any other file in such a folder (%s), and all beside it',
    (which) => {
      const folder = which === 'entrance' ? entrance : condemned;
      const names = [ownerOf(dead), 'notes.txt'].sort();
      fill(folder, ...names);
      sweep();
      expect(readdirSync(folder).sort()).toEqual(names);
    },
  );

  it.skipIf(process.platform === 'win32').each<[what: string, put: (path: string) => void]>([
    ['a FIFO', (path) => void execFileSync('mkfifo', [path])],
    ['a link', (path) => symlinkSync('nowhere', path)],
    ['a folder', (path) => mkdirSync(path)],
  ])('is %s under the name of an owner', (_, put) => {
    for (const changes of [{}, withoutPaths]) {
      const folder = join(world.folder, `job.lock.guard.${crypto.randomUUID()}.swept`);
      const owner = ownerOf(dead);
      fill(folder);
      put(join(folder, owner));
      sweep(changes);
      expect(readdirSync(folder)).toEqual([owner]);
    }
  });

  it('is the sign of life of another lock whose name is as long', () => {
    const sign = 'abc.lock.life.0f8fad5bd9cb469fa165.1.2';
    writeFileSync(join(world.folder, sign), '');
    writeFileSync(join(world.folder, sign.replace('abc', 'job')), '');
    sweep();
    expect(world.files).toEqual([sign]);
  });

  it('is anything, where the folder of the lock cannot be read', () => {
    fill(entrance, ownerOf(dead));
    const unreadable: Partial<FileSystem> = {
      readdirSync() {
        throw systemError('EACCES', 'scandir');
      },
    };
    expect(() => sweep(unreadable)).not.toThrow();
    expect(world.files).toEqual([basename(entrance)]);
  });
});
