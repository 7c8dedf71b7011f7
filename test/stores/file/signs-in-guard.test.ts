import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Awaitable, Outcome } from '../../../src/core/store.js';
import type { Dependencies, Life } from '../../../src/index.js';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import { ownerName } from '../../../src/stores/file/guard/guard-names.js';
import { fileStore } from '../../../src/stores/file/index.js';
import type { FakeProcess } from '../../../src/testing/index.js';
import { bareClaim } from '../../../support/claim.js';
import { fileSystemWith, SECOND, systemError, World } from '../../../support/world.js';

// When a holder keeps its sign of life, and which sign is in the guard meanwhile.

const EXT4 = 0xef53;

let world: World;
/** Its PID says something to others, and it keeps a sign soon after the claim. */
let outside: FakeProcess;
/** In a container. It keeps a sign before it enters a guard. */
let inside: FakeProcess;
let token: string;

beforeEach(() => {
  world = new World();
  outside = world.processes.own;
  inside = world.processes.start({ pidNamespace: 'pid:[4026532001]', hostname: 'one' });
  token = randomUUID();
});

function dependenciesOf(process: FakeProcess, life: Life = world.processes.lifeOf(process)): Dependencies {
  return { ...world.as(process), life };
}

function storeOf(process: FakeProcess, changes: Partial<FileSystem> = {}, life?: Life) {
  const fileSystem = fileSystemWith({ statfsSync: () => ({ type: EXT4 }), ...changes });
  return fileStore({ ...dependenciesOf(process, life), fileSystem });
}

function claimOf(process: FakeProcess, of = token) {
  return bareClaim(of, process.identity);
}

function signs(): string[] {
  return world.files.filter((name) => name.includes('.life.'));
}

function inodeOf(path: string): number {
  return statSync(path).ino;
}

/** The inodes of the signs in the guard whenever the lock is changed. */
function watching() {
  const seen: number[][] = [];
  const guard = `${world.path}.guard`;
  const look = () => {
    const lives = readdirSync(guard).filter((name) => name.endsWith('.life'));
    seen.push(lives.map((name) => inodeOf(join(guard, name))));
  };
  const changes: Partial<FileSystem> = {
    renameSync(from, to) {
      if (to === world.path) look();
      systemFileSystem.renameSync(from, to);
    },
    unlinkSync(path) {
      if (path === world.path) look();
      systemFileSystem.unlinkSync(path);
    },
  };
  return { seen, changes };
}

/** Another process, about which nothing is known, is in the guard. Returns what lets it leave. */
function occupy(): () => void {
  const { identity } = world.processes.start();
  const guard = `${world.path}.guard`;
  mkdirSync(guard);
  writeFileSync(join(guard, ownerName({ identity, thread: 0 })), '');
  return () => rmSync(guard, { recursive: true });
}

describe('in the guard', () => {
  it('a holder is known by the sign that it keeps beside the lock', async () => {
    for (const process of [outside, inside]) {
      const { seen, changes } = watching();
      const store = storeOf(process, changes);
      await store.claim(world.path, claimOf(process));
      await world.clock.advance(100);
      const [name = ''] = signs();
      const sign = inodeOf(join(world.folder, name));
      await store.beat(world.path, token, {});
      await store.remove(world.path, token);
      expect(seen).toEqual([[sign], [sign]]);
      expect(world.files).toEqual([]);
    }
  });

  it('a holder is not known by a sign that others keep, too: in a container by one of its own', async () => {
    const life = world.processes.lifeOf(inside);
    const shared: Life = {
      when: life.when,
      isMovable: life.isMovable,
      needsLocalFiles: life.needsLocalFiles,
      keep(path) {
        const sign = life.keep(path);
        return sign && { descriptor: null, isShared: true, close: () => sign.close() };
      },
      ask: (path, expected) => life.ask(path, expected),
    };
    const { seen, changes } = watching();
    const store = storeOf(inside, changes, shared);
    await store.claim(world.path, claimOf(inside));
    const [name = ''] = signs();
    await store.beat(world.path, token, {});
    expect(seen).toEqual([[expect.any(Number)]]);
    expect(seen[0]).not.toEqual([inodeOf(join(world.folder, name))]);
  });

  it.each([
    ['in a container has one', 1],
    ['outside has none: its PID proves enough', 0],
  ])('whoever keeps no sign beside the lock, and is %s', async (_, count) => {
    const process = count === 1 ? inside : outside;
    await storeOf(outside).claim(world.path, claimOf(outside));
    const { seen, changes } = watching();
    const store = storeOf(process, changes);
    await store.beat(world.path, token, {});
    await store.remove(world.path, token);
    expect(seen.map((inodes) => inodes.length)).toEqual([count, count]);
    expect(world.files).toEqual([]);
  });
});

describe('a holder whose sign is due', () => {
  it('tries again if the guard is occupied just then', async () => {
    await storeOf(outside).claim(world.path, claimOf(outside));
    const leave = occupy();
    await world.clock.advance(100);
    expect(signs()).toEqual([]);
    leave();
    await world.clock.advance(100);
    expect(signs()).toHaveLength(1);
  });

  it('does without one if that fails for any other reason', async () => {
    let tries = 0;
    let isBroken = false;
    const store = storeOf(outside, {
      mkdirSync(path, mode) {
        if (isBroken) {
          tries++;
          throw systemError('EIO', 'mkdir');
        }
        systemFileSystem.mkdirSync(path, mode);
      },
    });
    await store.claim(world.path, claimOf(outside));
    isBroken = true;
    await world.clock.advance(SECOND);
    expect(tries).toBe(1);
    isBroken = false;
    expect(await store.remove(world.path, token)).toMatchObject({ done: true });
    expect(world.files).toEqual([]);
  });

  it.each<[how: string, outcome: (store: ReturnType<typeof storeOf>) => Awaitable<Outcome> | Promise<void>]>([
    ['after a while', () => world.clock.advance(100)],
    ['with its next heartbeat', (store) => store.beat(world.path, token, {})],
  ])('keeps none at a lock that another one has by now (%s)', async (_, act) => {
    const store = storeOf(outside);
    await store.claim(world.path, claimOf(outside));
    unlinkSync(world.path);
    await storeOf(inside).claim(world.path, claimOf(inside, randomUUID()));
    const before = world.files;
    await act(store);
    expect(world.files).toEqual(before);
  });

  it('has no sign if its token is not one of ours', async () => {
    const linked: string[] = [];
    const watched: Partial<FileSystem> = {
      linkSync(existing, path) {
        linked.push(path);
        systemFileSystem.linkSync(existing, path);
      },
    };
    for (const process of [outside, inside]) {
      const store = storeOf(process, watched);
      await store.claim(world.path, claimOf(process, 'mine'));
      await world.clock.advance(SECOND);
      expect(await store.beat(world.path, 'mine', {})).toMatchObject({ done: true });
      expect(world.files).toEqual(['job.lock']);
      await store.remove(world.path, 'mine');
    }
    expect(linked.filter((path) => path !== world.path && !path.includes('.guard'))).toEqual([]);
  });
});

describe('the sign of a holder', () => {
  it('stays kept while its heartbeat waits for the guard', async () => {
    const store = storeOf(inside);
    await store.claim(world.path, claimOf(inside));
    const [name = ''] = signs();
    const isKept = () => world.processes.lifeOf().ask(join(world.folder, name));
    const leave = occupy();
    const beating = store.beat(world.path, token, {});
    expect(beating).toBeInstanceOf(Promise);
    expect(await isKept()).toBe('alive');
    leave();
    await world.clock.advance(SECOND);
    expect(await beating).toMatchObject({ done: true });
    expect(await isKept()).toBe('alive');
    await store.remove(world.path, token);
    expect(world.files).toEqual([]);
  });
});
