import { describe, expect, it } from 'vitest';
import { acquire, breakLock, ErrLockBusy, inspect, withLock } from '../../src/index.js';
import { FakeProcessTable } from '../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, untyped, World } from '../../support/world.js';

const OPTIONS = { holdAtLeast: '55m' } as const;

describe('a lock with `holdAtLeast`', () => {
  it('is busy until then although it was released, and free afterwards', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await world.clock.advance(SECOND);
    await lock.release();
    await world.clock.advance(55 * MINUTE - SECOND - 1);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(1);
    expect(await inspect(world.path, { dependencies: world.as() })).toEqual({
      name: world.path,
      state: 'free',
      reason: 'nobody holds it',
      holder: null,
      heartbeatAge: null,
      processes: [],
    });
    const next = await world.acquire();
    expect(next.fencingToken).toBeGreaterThan(lock.fencingToken);
  });

  it('is free at once if it was held for long enough', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await world.clock.advance(55 * MINUTE);
    await lock.release();
    expect(world.files).toEqual([]);
  });

  it('is busy even for processes that find its holder dead', async () => {
    const world = new World();
    const process = world.processes.start();
    const lock = await world.acquire(process, OPTIONS);
    await lock.release();
    process.kill();
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    expect((await inspect(world.path, { dependencies: world.as() })).state).toBe('cooldown');
  });

  it('says who released it, when, and for how long it still counts as held', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, { ...OPTIONS, command: 'nightly.js', owner: 'server-1' });
    await lock.release();
    await world.clock.advance(5 * MINUTE);
    await expect(world.acquire()).rejects.toThrow(
      `${world.path} was released 5 minutes ago by server-1, PID ${world.processes.own.pid} on fake-host, ` +
        'but counts as held for another 50 minutes (`holdAtLeast`). Try again later, or wait for it with the option `wait`.',
    );
  });

  it('is given again to its own sticky owner, which renews the hold', async () => {
    const world = new World();
    const inCharge = { ...OPTIONS, owner: 'server-1', sticky: true };
    await (await world.acquire(world.processes.start(), inCharge)).release();
    await world.clock.advance(50 * MINUTE);
    const again = await world.acquire(world.processes.start(), inCharge);
    await expect(world.acquire(world.processes.start(), inCharge)).rejects.toThrow(ErrLockBusy);
    await again.release();
    await world.clock.advance(50 * MINUTE);
    await expect(world.acquire(undefined, { ...inCharge, owner: 'server-2' })).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(5 * MINUTE);
    await expect(world.acquire(undefined, { ...inCharge, owner: 'server-2' })).resolves.toBeDefined();
  });

  it('is taken over at once from a holder that died before it could release it', async () => {
    const world = new World();
    const process = world.processes.start();
    await world.acquire(process, OPTIONS);
    process.kill();
    await world.acquire();
  });

  it('can be waited for', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await lock.release();
    const waiting = world.acquire(undefined, { wait: '2h' });
    await world.clock.advance(55 * MINUTE + SECOND);
    await (await waiting).heartBeat();
  });

  it('counts from the acquisition, with `withLock` too and when the work fails', async () => {
    const world = new World();
    const work = () => Promise.reject(new Error('disk full'));
    const options = { ...OPTIONS, dependencies: world.as() };
    await expect(withLock(world.path, options, work)).rejects.toThrow('disk full');
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
  });

  it('does nothing at heartbeats after its release', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await lock.release();
    const { text } = world;
    await lock.heartBeat();
    await lock.release();
    expect(world.text).toBe(text);
  });

  it('is held for the same time across a reboot, by the wall clock', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await lock.release();
    world.clock.reboot();
    world.processes.reboot();
    await world.clock.advance(54 * MINUTE);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(MINUTE);
    await world.acquire();
  });

  it('is held for the same time whatever happens to the wall clock', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await lock.release();
    world.clock.stepWallClock(2 * HOUR);
    await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
    world.clock.stepWallClock(-4 * HOUR);
    await world.clock.advance(55 * MINUTE);
    await world.acquire();
  });

  it('is broken only by force', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, OPTIONS);
    await lock.release();
    const options = { dependencies: world.as() };
    await expect(breakLock(world.path, options)).rejects.toThrow(ErrLockBusy);
    expect((await breakLock(world.path, { ...options, force: true })).state).toBe('cooldown');
    expect(world.files).toEqual([]);
  });

  it('takes a number or a finite duration', async () => {
    const world = new World();
    await expect(world.acquire(undefined, { holdAtLeast: Number.POSITIVE_INFINITY })).rejects.toThrow(
      RangeError,
    );
    await expect(world.acquire(undefined, { holdAtLeast: -1 })).rejects.toThrow(RangeError);
    await expect(world.acquire(undefined, untyped({ holdAtLeast: 'soon' }))).rejects.toThrow(RangeError);
    expect(world.files).toEqual([]);
  });

  it('lets one of five servers, whose clocks differ by minutes, run an hourly job', async () => {
    const world = new World();
    const servers = [1, 2, 3, 4, 5].map((number) => {
      const name = `server-${number}`;
      const processes = new FakeProcessTable(world.clock);
      return { name, processes: processes.as(processes.start({ hostname: name, bootId: `boot-${number}` })) };
    });
    const runs: string[] = [];
    for (let hour = 1; hour <= 24; hour++) {
      let ran = '';
      for (const { name, processes } of servers) {
        const dependencies = { clock: world.clock, processes };
        await acquire(world.path, { ...OPTIONS, owner: name, dependencies }).then(
          async (lock) => {
            ran += name;
            await world.clock.advance(SECOND);
            await lock.release();
          },
          (error) => expect(error).toBeInstanceOf(ErrLockBusy),
        );
        await world.clock.advance(MINUTE);
      }
      runs.push(ran);
      await world.clock.advance(HOUR - 5 * MINUTE - SECOND);
    }
    expect(runs).toEqual(Array.from({ length: 24 }, () => 'server-1'));
  });
});
