import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { acquire, type Dependencies, ErrLockBusy, inspect, type Life } from '../../../src/index.js';
import { ownerName } from '../../../src/stores/file/guard/guard-names.js';
import { fileStore } from '../../../src/stores/file/index.js';
import type { FakeProcess } from '../../../src/testing/index.js';
import { World } from '../../../support/world.js';

// On Windows and macOS a process table starts programs to learn when a process began.

let world: World;
let holder: FakeProcess;
/** The PIDs whose start was compared. */
let compared: number[];

beforeEach(() => {
  world = new World();
  holder = world.processes.start();
  compared = [];
});

function dependenciesOf(process: FakeProcess, life: Life | null): Dependencies {
  const { clock, processes } = world.as(process);
  return {
    clock,
    life,
    processes: {
      self: () => processes.self(),
      identify: (pid, group) => processes.identify(pid, group),
      liveness(identity, age) {
        if (identity.started !== null) compared.push(identity.pid);
        return processes.liveness(identity, age);
      },
      terminate: (...args) => processes.terminate(...args),
    },
  };
}

/** As on Windows. */
function lifeOf(process: FakeProcess): Life {
  const life = world.processes.lifeOf(process);
  return {
    when: 'claiming',
    isMovable: false,
    needsLocalFiles: false,
    keep: (path) => life.keep(path),
    ask: async (path) => ((await life.ask(path)) === 'alive' ? 'alive' : 'unknown'),
  };
}

function lockBy(process: FakeProcess, life: Life | null = lifeOf(process)) {
  const dependencies = dependenciesOf(process, life);
  const store = fileStore(dependencies);
  return { store, dependencies };
}

const contender = () => world.processes.own;

describe('where start times are slow to find out', () => {
  it('a holder with a sign of life is at work, without comparing when it began', async () => {
    const lock = await acquire(world.path, lockBy(holder));
    await lock.setWorkers([world.processes.start().pid]);
    await expect(acquire(world.path, lockBy(contender()))).rejects.toThrow(ErrLockBusy);
    const { state, processes } = await inspect(world.path, lockBy(contender()));
    expect([state, ...processes.map(({ liveness }) => liveness)]).toEqual(['live', 'alive', 'alive']);
    expect(compared).toEqual([]);
  });

  it('a holder that is dead is replaced, even if its PID was given to another process', async () => {
    await acquire(world.path, lockBy(holder));
    holder.recycle();
    await acquire(world.path, lockBy(contender()));
    expect(compared).toContain(holder.pid);
  });

  it('a holder without a sign of life is known by its start', async () => {
    await acquire(world.path, lockBy(holder, null));
    await expect(acquire(world.path, lockBy(contender()))).rejects.toThrow(ErrLockBusy);
    holder.recycle();
    await acquire(world.path, lockBy(contender()));
  });

  describe('the owner of a guard', () => {
    /** Leaves a process of that PID in the guard. */
    function enter(process: FakeProcess): void {
      const name = ownerName({ identity: process.identity, thread: 0 });
      mkdirSync(`${world.path}.guard`);
      writeFileSync(join(`${world.path}.guard`, name), '');
    }

    it('is just at work', async () => {
      const lock = await acquire(world.path, { ...lockBy(contender()), heartbeatMinimalInterval: 0 });
      enter(holder);
      const beating = Promise.resolve(lock.heartBeat());
      expect(compared).toEqual([]);
      holder.kill();
      await world.clock.advance(1000);
      await beating;
      expect(compared).toEqual([]);
    });

    it('is found to have another process with its PID when that takes too long', async () => {
      enter(holder);
      holder.recycle();
      const acquiring = acquire(world.path, lockBy(contender()));
      await world.clock.advance(3000);
      await acquiring;
      expect(compared).toContain(holder.pid);
    });
  });
});
