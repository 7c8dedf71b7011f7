import { describe, expect, it } from 'vitest';
import { acquire, ErrLockBusy, ErrLockStore, inspect, type Store } from '../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { HOUR, MINUTE, untyped } from '../../support/world.js';

describe('the store in memory', () => {
  it('lets a test move time, and end processes', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const store = memoryStore({ clock, processes });
    const other = processes.start();
    const theirs = await acquire('nightly', {
      store,
      dependencies: { clock, processes: processes.as(other) },
    });
    const options = { store, dependencies: { clock, processes } };
    await expect(acquire('nightly', options)).rejects.toThrow(ErrLockBusy);

    other.kill();
    const lock = await acquire('nightly', options);
    expect(lock.fencingToken).toBe(theirs.fencingToken + 1);
    await clock.advance(HOUR + MINUTE);
    expect(await inspect('nightly', options)).toMatchObject({
      state: 'stalled',
      heartbeatAge: HOUR + MINUTE,
    });
    await lock.release();
  });

  it('goes on ageing a heartbeat when the machine restarts', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const store = memoryStore({ clock, processes });
    const options = { store, dependencies: { clock, processes } };
    const before = await acquire('nightly', options);
    await clock.advance(10 * MINUTE);
    clock.reboot();
    processes.reboot();
    expect(await inspect('nightly', options)).toMatchObject({ state: 'live', heartbeatAge: 10 * MINUTE });
    await clock.advance(50 * MINUTE + 1);
    const lock = await acquire('nightly', options);
    expect(lock.predecessor?.record?.token).toBe(before.token);
    await lock.release();
  });

  it('neither ages nor renews a heartbeat when the wall clock is set', async () => {
    const clock = new FakeClock();
    const processes = new FakeProcessTable(clock);
    const options = { store: memoryStore({ clock, processes }), dependencies: { clock, processes } };
    const lock = await acquire('nightly', options);
    await clock.advance(MINUTE);
    for (const step of [2 * HOUR, -4 * HOUR]) {
      clock.stepWallClock(step);
      expect(await inspect('nightly', options)).toMatchObject({ state: 'live', heartbeatAge: MINUTE });
    }
    await lock.release();
  });

  it('refuses what is not a clock or a process table', () => {
    expect(() => memoryStore(untyped({ processes: new FakeProcessTable().own }))).toThrow(
      new TypeError('The option `processes` must have a method `self`, but is an object.'),
    );
    expect(() => memoryStore(untyped({ clock: Date }))).toThrow(
      new TypeError('The option `clock` must have a method `now`, but is a function.'),
    );
  });

  it('lets a test replace a method, for a database that fails', async () => {
    const memory = memoryStore();
    let failures = 1;
    const store: Store = {
      ...memory,
      async beat(name, token, beat) {
        if (failures-- > 0) throw new ErrLockStore(name, 'ECONNRESET', 'The connection was reset.');
        return memory.beat(name, token, beat);
      },
    };
    const lock = await acquire('nightly', { store, heartbeatMinimalInterval: 0 });
    await expect(lock.heartBeat()).rejects.toThrow('The connection was reset.');
    await lock.heartBeat({ progress: 0.5 });
    expect(await inspect('nightly', { store })).toMatchObject({ holder: { progress: { ratio: 0.5 } } });
    expect(await store.names?.()).toEqual(['nightly']);
    await lock.release();
    expect(await memory.read('nightly')).toBeNull();
  });

  it('has locks of its own', async () => {
    const lock = await acquire('nightly', { store: memoryStore() });
    const other = await acquire('nightly', { store: memoryStore() });
    await lock.release();
    await other.release();
  });
});
