import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrNotALock } from '../../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../../src/stores/file/file-system.js';
import { ownerName } from '../../../../src/stores/file/guard/guard-names.js';
import { fileStore } from '../../../../src/stores/file/index.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { bareClaim } from '../../../../support/claim.js';
import { fileSystemWith, SECOND, World } from '../../../../support/world.js';

const EXT4 = 0xef53;

let world: World;
let token: string;

beforeEach(() => {
  world = new World();
  token = randomUUID();
});

function storeWith(changes: Partial<FileSystem> = {}) {
  return fileStore({ ...world.as(), fileSystem: fileSystemWith(changes) });
}

function claim() {
  return bareClaim(token, world.processes.self());
}

/** Leaves that process in the guard. */
function occupy({ identity }: FakeProcess): void {
  const guard = `${world.path}.guard`;
  mkdirSync(guard);
  writeFileSync(join(guard, ownerName({ identity, thread: 0 })), '');
}

describe('an occupied guard', () => {
  it('is waited for while its owner is at work for a second', async () => {
    occupy(world.processes.start());
    const claiming = storeWith().claim(world.path, claim());
    await world.clock.advance(SECOND);
    rmSync(`${world.path}.guard`, { recursive: true });
    await world.clock.advance(SECOND);
    expect(await claiming).toMatchObject({ done: true });
  });

  it('is entered at once if the PID of its owner was given to another process', () => {
    const owner = world.processes.start();
    occupy(owner);
    owner.recycle();
    expect(storeWith().claim(world.path, claim())).toMatchObject({ done: true });
  });

  it('is entered at once if its owner was there before the machine was started', () => {
    const owner = world.processes.start();
    occupy(owner);
    const isLocal: Partial<FileSystem> = { statfsSync: () => ({ type: EXT4 }) };
    world.processes.reboot();
    expect(storeWith(isLocal).claim(world.path, claim())).toMatchObject({ done: true });
  });
});

describe.skipIf(process.platform === 'win32')('in a folder that others may write to', () => {
  beforeEach(() => chmodSync(world.folder, 0o777));

  it('another kind of file is named by the path that the user knows', async () => {
    world.write('name,amount\n');
    const version = (await storeWith().read(world.path))?.version;
    const claiming = () => storeWith().claim(world.path, claim(), version);
    expect(claiming).toThrow(ErrNotALock);
    expect(claiming).toThrow(expect.objectContaining({ lock: world.path }));
    expect(world.text).toBe('name,amount\n');
  });

  it('a lock is held where no path leads to an open folder, and no folder stays open', async () => {
    let open = 0;
    const withoutPaths: Partial<FileSystem> = {
      openFolderSync(path, followLinks) {
        const folder = systemFileSystem.openFolderSync(path, followLinks);
        open++;
        return {
          path: null,
          status: folder.status,
          close() {
            open--;
            folder.close();
          },
        };
      },
    };
    const store = storeWith(withoutPaths);
    expect(await store.claim(world.path, claim())).toMatchObject({ done: true });
    expect(world.files).toEqual(['job.lock']);
    expect(await store.beat(world.path, token, {})).toMatchObject({ done: true });
    expect(await store.remove(world.path, token)).toMatchObject({ done: true });
    expect(world.files).toEqual([]);
    expect(open).toBe(0);
  });
});
