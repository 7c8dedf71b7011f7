import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Clock, ErrLockBusy, type Lock, type Store } from '../../src/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { HOUR, MINUTE, World } from '../../support/world.js';
import { twin } from '../stores/sqlite/databases.js';

// Bun and Deno have no clock that all processes of a boot share: theirs counts from the start of the process.

type ClockOf = (world: World) => Clock;

const shared: ClockOf = ({ clock }) => clock;
const ofNewProcess: ClockOf = (world) => countingFrom(world, 0);
const ofOldProcess: ClockOf = (world) => countingFrom(world, -2 * HOUR);

describe.each([
  ['a new process', ofNewProcess],
  ['an old process', ofOldProcess],
])('by the clock of %s', (_, clockOf) => {
  test.each([
    ['a new process', ofNewProcess],
    ['an old process', ofOldProcess],
    ['the machine', shared],
  ])('a holder that sends heartbeats is alive, also by the clock of %s', async (_, clockOfOther) => {
    const world = new World();
    const lock = await acquire(world, clockOf(world));
    const other = clockOfOther(world);
    for (let beats = 0; beats < 5; beats++) {
      await world.clock.advance(9 * MINUTE);
      await lock.heartBeat();
      await expect(acquire(world, other)).rejects.toThrow(ErrLockBusy);
    }
  });

  test('a holder that is silent has stalled after its stale timeout, and no sooner', async () => {
    const world = new World();
    await acquire(world, clockOf(world));
    await world.clock.advance(9 * MINUTE);
    await expect(acquire(world, world.clock)).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(2 * MINUTE);
    const { predecessor } = await acquire(world, world.clock);
    expect(predecessor).toMatchObject({ state: 'stalled', heartbeatAge: 11 * MINUTE });
  });

  test('a holder by the clock of the machine is alive', async () => {
    const world = new World();
    await acquire(world, world.clock);
    await world.clock.advance(MINUTE);
    await expect(acquire(world, clockOf(world))).rejects.toThrow(ErrLockBusy);
  });

  test('a holder in SQLite is alive', async () => {
    const world = new World();
    const lock = await acquire(world, clockOf(world), storeIn(world, clockOf(world)));
    for (const other of [ofOldProcess(world), world.clock]) {
      await expect(acquire(world, other, storeIn(world, other))).rejects.toThrow(ErrLockBusy);
      await lock.heartBeat();
    }
  });
});

function countingFrom({ clock }: World, past: number): Clock {
  const start = clock.monotonic() + past;
  return {
    isShared: false,
    now: () => clock.now(),
    monotonic: () => clock.monotonic() - start,
    sleep: (milliseconds, options) => clock.sleep(milliseconds, options),
  };
}

/** In a process of its own. */
function acquire(world: World, clock: Clock, store?: Store): Promise<Lock> {
  const dependencies = { ...world.as(world.processes.start()), clock };
  return world.acquire(undefined, { staleTimeout: 10 * MINUTE, dependencies, store });
}

/** In one database, through a connection of its own. */
function storeIn({ folder, processes }: World, clock: Clock): Store {
  const database = twin.open(join(folder, 'locks.db'));
  onTestFinished(() => database.close());
  return sqliteStore(database, { clock, processes });
}
