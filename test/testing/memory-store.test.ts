import { describe, expect, it } from 'vitest';
import { acquire, ErrLockBusy, inspect } from '../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { HOUR, MINUTE } from '../../support/world.js';

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

  it('has locks of its own', async () => {
    const lock = await acquire('nightly', { store: memoryStore() });
    const other = await acquire('nightly', { store: memoryStore() });
    await lock.release();
    await other.release();
  });
});
