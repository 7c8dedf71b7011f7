import { isMainThread } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { serializeRecord } from '../../src/core/record/record.js';
import { ErrLockBusy, ErrLockLost, inspect } from '../../src/index.js';
import { FakeClock, type FakeProcess } from '../../src/testing/index.js';
import { DAY, HOUR, MINUTE, SECOND, someRecord, World } from '../../support/world.js';

// Wall clocks that are set, and machines that are suspended. `acquire.test.ts` has the simple cases: a day's step, a night's sleep, a reboot.

const YEAR = 365 * DAY;
const STEPS = [
  { what: 'forward by a day', by: DAY },
  { what: 'back by a day', by: -DAY },
  { what: 'forward by a year', by: YEAR },
  { what: 'back by a year', by: -YEAR },
];

describe('a machine that sleeps for eight hours', () => {
  it('does not make the holder lose its lock, which then has the whole timeout to beat', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    await world.clock.advance(HOUR - MINUTE);
    world.clock.suspend(8 * HOUR);
    await world.clock.advance(MINUTE);
    await expect(world.acquire()).rejects.toMatchObject({ heartbeatAge: HOUR });
    expect(lock.signal.aborted).toBe(false);
    await lock.heartBeat();
    await world.clock.advance(HOUR);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(1);
    await world.acquire();
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });

  it('does not count towards the minimal interval between heartbeats', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start(), { heartbeatMinimalInterval: '5m' });
    const before = world.text;
    world.clock.suspend(8 * HOUR);
    await lock.heartBeat();
    expect(world.text).toBe(before);
    await world.clock.advance(5 * MINUTE);
    await lock.heartBeat();
    expect(world.text).not.toBe(before);
  });

  it('does not use up the `wait` of a contender', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    const waiting = world.acquire(undefined, { wait: '10m' });
    await world.clock.advance(5 * MINUTE);
    world.clock.suspend(8 * HOUR);
    await world.clock.advance(4 * MINUTE);
    await lock.release();
    await world.clock.advance(SECOND);
    await expect(waiting).resolves.toBeDefined();
  });
});

describe.each(STEPS)('a wall clock that is set $what', ({ by }) => {
  it('neither takes the lock from a holder nor keeps it from a contender', async () => {
    const world = new World();
    const old = await world.acquire(world.processes.start());
    world.clock.stepWallClock(by);
    await old.heartBeat();
    world.clock.stepWallClock(-by);
    await expect(world.acquire()).rejects.toMatchObject({ heartbeatAge: 0 });
    world.clock.stepWallClock(by);
    await world.clock.advance(HOUR + 1);
    const next = await world.acquire();
    expect(next.fencingToken).toBeGreaterThan(old.fencingToken);
  });

  it('while a machine restarts does not keep anyone from a lock held before', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    world.processes.reboot();
    world.clock.reboot();
    world.clock.stepWallClock(by);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('does not change the order of fencing tokens from one acquisition of a process to the next', async () => {
    const world = new World();
    const first = await world.acquire();
    await first.release();
    world.clock.stepWallClock(by);
    const second = await world.acquire();
    await second.release();
    world.clock.stepWallClock(-by);
    const third = await world.acquire();
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    expect(third.fencingToken).toBeGreaterThan(second.fencingToken);
  });
});

describe('a holder on another machine', () => {
  it.each([
    ['a minute', MINUTE],
    ['a year', YEAR],
  ])('whose clock is %s ahead is respected until its file is too old', async (_what, ahead) => {
    const world = new World();
    const holder = startElsewhere(world);
    for (let beats = 0; beats < 3; beats++) {
      beatFrom(world, holder, world.clock.now() + ahead);
      await world.clock.advance(HOUR);
      await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    }
    await world.clock.advance(MINUTE + 1);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it('has a heartbeat that counts as old as it is ahead, in a second that is repeated', async () => {
    const world = new World();
    beatFrom(world, startElsewhere(world), world.clock.now());
    for (const [passed, age] of [
      [900, 900],
      [-1000, 100],
      [1000, 900],
      [100, 1000],
    ] as const) {
      world.clock.stepWallClock(passed);
      await expect(world.acquire()).rejects.toMatchObject({ heartbeatAge: age });
    }
  });
});

// Only the main thread may change it, and the mutation tester runs tests in another one.
describe.skipIf(!isMainThread)('a time zone', () => {
  const { TZ } = process.env;

  afterEach(() => {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });

  it('does not matter, whichever the holder and the contender have', async () => {
    const world = new World();
    const holder = startElsewhere(world);
    enterZone('Pacific/Kiritimati', -14);
    beatFrom(world, holder, world.clock.now());
    expect(JSON.parse(world.text).timestamp).toBe('2026-01-01T00:00:00.000Z');
    enterZone('Pacific/Pago_Pago', 11);
    await expect(world.acquire()).rejects.toMatchObject({ heartbeatAge: 0 });
    await world.clock.advance(HOUR + 1);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  it.each([
    ['begins', '2026-03-29T00:30:00Z'],
    ['ends', '2026-10-25T00:30:00Z'],
  ])('in which summer time %s takes nothing from the age of a heartbeat', async (_what, start) => {
    const world = new World({ clock: new FakeClock(Date.parse(start)) });
    const holder = startElsewhere(world);
    enterZone('Europe/Berlin', -1);
    const offset = new Date(world.clock.now()).getTimezoneOffset();
    beatFrom(world, holder, world.clock.now());
    await world.clock.advance(HOUR);
    expect(new Date(world.clock.now()).getTimezoneOffset()).not.toBe(offset);
    await expect(world.acquire()).rejects.toMatchObject({ heartbeatAge: HOUR });
    await world.clock.advance(1);
    await expect(world.acquire()).resolves.toBeDefined();
  });

  function enterZone(zone: string, hoursBehind: number): void {
    process.env['TZ'] = zone;
    // Otherwise this would test nothing.
    expect(new Date(2026, 0, 1).getTimezoneOffset()).toBe(hoursBehind * 60);
  }
});

describe('the end of', () => {
  it.each([
    ['32-bit seconds', '2038-01-19T03:14:07.999Z'],
    ['fencing tokens that are the time', '2255-06-05T23:47:34.740Z'],
    ['years with four digits', '9999-12-31T23:59:59.999Z'],
  ])('%s is a day like any other', async (_what, end) => {
    const world = new World({ clock: new FakeClock(Date.parse(end) - 30 * MINUTE) });
    const first = await world.acquire(world.processes.start());
    await world.clock.advance(HOUR);
    await first.heartBeat();
    expect(await inspect(world.path, { dependencies: world.as() })).toMatchObject({
      state: 'live',
      holder: { timestamp: new Date(world.clock.now()), fencingToken: first.fencingToken },
    });
    await world.clock.advance(HOUR + 1);
    const second = await world.acquire(world.processes.start());
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    await second.release();
    expect((await world.acquire()).fencingToken).toBeGreaterThan(second.fencingToken);
  });
});

/** In its own boot and namespace, so that only its wall clock tells how old its heartbeats are. */
function startElsewhere(world: World): FakeProcess {
  return world.processes.start({ hostname: 'db-2', bootId: 'of-db-2', pidNamespace: 'pid:[4026532999]' });
}

/** Writes a heartbeat with the time of that machine, in a file with the time of this one. */
function beatFrom(world: World, { identity }: FakeProcess, now: number): void {
  world.write(
    serializeRecord(
      someRecord({ process: identity, timestamp: new Date(now), monotonic: 5, acquiredAt: null }),
    ),
  );
}
