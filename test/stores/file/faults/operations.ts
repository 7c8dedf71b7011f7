import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { breakLock, inspect } from '../../../../src/index.js';
import {
  condemnedPath,
  entrancePath,
  guardPath,
  ownerName,
  stagedName,
} from '../../../../src/stores/file/guard/guard-names.js';
import type { FakeProcess } from '../../../../src/testing/index.js';
import { DAY, HOUR, MINUTE, type World } from '../../../../support/world.js';
import type { Scene } from './scene.js';

/** What a user can ask for, in a prepared scene. It throws if it was not done as it claims. */
export interface Operation {
  readonly name: string;
  readonly prepare: (scene: Scene) => Promise<void>;
  readonly run: (scene: Scene) => Promise<void>;
}

export const operations: readonly Operation[] = [
  {
    name: 'acquiring a free lock',
    prepare: async () => {},
    run: (scene) => scene.acquire(),
  },
  {
    name: 'acquiring a free lock in a folder that does not exist',
    prepare: async ({ world }) => rmSync(world.folder, { recursive: true }),
    run: (scene) => scene.acquire(),
  },
  {
    name: 'taking over from a dead holder, and sweeping what it left',
    prepare: async ({ world }) => {
      const holder = world.processes.start();
      await world.acquire(holder);
      litter(world, holder);
      holder.kill();
    },
    run: (scene) => scene.acquire(),
  },
  {
    name: 'taking over from a stalled holder',
    prepare: async ({ world }) => {
      await world.acquire(world.processes.start());
      await world.clock.advance(2 * HOUR);
    },
    run: (scene) => scene.acquire(),
  },
  {
    name: 'a heartbeat',
    prepare: holdForAMinute,
    run: async (scene) => {
      await scene.heartBeat();
      if (scene.record !== null) expect(scene.record.timestamp.getTime()).toBe(scene.world.clock.now());
    },
  },
  {
    name: 'a release',
    prepare: holdForAMinute,
    run: (scene) => scene.release(),
  },
  {
    name: 'inspecting',
    prepare: holdForAMinute,
    run: async (scene) => {
      const { world, store, dependencies } = scene;
      const { state, holder } = await inspect(world.path, { store, dependencies });
      if (scene.record !== null) {
        expect({ state, token: holder?.token }).toEqual({ state: 'live', token: scene.record.token });
      }
    },
  },
  {
    name: 'breaking a lock from before the machine was restarted',
    prepare: async ({ world }) => {
      await world.acquire(world.processes.start({ bootId: 'an-earlier-boot' }));
      world.clock.stepWallClock(DAY);
    },
    run: async (scene) => {
      const { world, store, dependencies } = scene;
      await breakLock(world.path, { store, dependencies });
      expect(scene.record).toBeNull();
    },
  },
];

async function holdForAMinute(scene: Scene): Promise<void> {
  await scene.acquire();
  await scene.world.clock.advance(MINUTE);
}

/** One of each kind of litter that a killed process can leave behind. */
function litter(world: World, { identity }: FakeProcess): void {
  const guard = guardPath(world.path);
  mkdirSync(entrancePath(guard));
  for (const folder of [entrancePath(guard), condemnedPath(guard), guard]) {
    mkdirSync(folder);
    const owner = ownerName({ identity, thread: 0 });
    writeFileSync(join(folder, owner), '');
    if (folder === guard) writeFileSync(join(guard, stagedName(owner)), 'half');
  }
}
