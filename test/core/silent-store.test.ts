import { beforeEach, describe, expect, it } from 'vitest';
import type { Awaitable } from '../../src/core/store.js';
import { acquire, ErrLockLost, inspect, type Lock, type Store } from '../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { HOUR, MINUTE, SECOND } from '../../support/world.js';

const NAME = 'nightly';
const AWAY = new Error('connect ECONNREFUSED 10.0.0.5:5432');

describe('a lock whose store does not answer', () => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  /** As seen by others, who can reach it. */
  let store: Store;
  let mode: 'answers' | 'refuses' | 'is silent' | 'gives up';

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    store = memoryStore({ clock, processes });
    mode = 'answers';
  });

  /** As seen by the holder. */
  function distant(): Store {
    const reach = async <T>(operate: () => Awaitable<T>): Promise<T> => {
      if (mode === 'is silent') return new Promise(() => {});
      if (mode === 'gives up') await clock.sleep(5 * SECOND);
      if (mode === 'refuses' || mode === 'gives up') throw AWAY;
      return operate();
    };
    return {
      resolve: (name) => store.resolve(name),
      read: (name) => reach(() => store.read(name)),
      claim: (name, claim, over) => reach(() => store.claim(name, claim, over)),
      beat: (name, token, beat) => reach(() => store.beat(name, token, beat)),
      remove: (name, token, hold) => reach(() => store.remove(name, token, hold)),
    };
  }

  function hold(staleTimeout: number): Promise<Lock> {
    const dependencies = { clock, processes };
    return acquire(NAME, { store: distant(), staleTimeout, heartbeatMinimalInterval: 0, dependencies });
  }

  async function stateForOthers(): Promise<string> {
    return (await inspect(NAME, { store, dependencies: { clock, processes } })).state;
  }

  it('is lost a stale timeout after the last confirmed heartbeat, before anyone else may take it', async () => {
    const lock = await hold(HOUR);
    await clock.advance(10 * MINUTE);
    await lock.heartBeat();
    mode = 'refuses';
    await clock.advance(HOUR - 1);
    await expect(lock.heartBeat()).rejects.toBe(AWAY);
    expect(lock.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(lock.signal.reason).toBeInstanceOf(ErrLockLost);
    expect(lock.signal.reason).toMatchObject({ cause: AWAY, successor: null, isCertain: false });
    expect(lock.signal.reason.message).toBe(
      'nightly counts as lost: its last confirmed heartbeat was 1 hour ago, and because its store does not answer, another process ' +
        'may have taken it over. Stop working: this run may no longer be exclusive. ' +
        'The last error: connect ECONNREFUSED 10.0.0.5:5432.',
    );
    expect(await stateForOthers()).toBe('live');
    await clock.advance(1);
    expect(await stateForOthers()).toBe('stalled');
    await expect(lock.heartBeat()).rejects.toBe(lock.signal.reason);
  });

  it('stays held if the store comes back before that', async () => {
    const lock = await hold(HOUR);
    mode = 'refuses';
    await clock.advance(HOUR - 1);
    await expect(lock.heartBeat()).rejects.toBe(AWAY);
    mode = 'answers';
    await lock.heartBeat();
    await clock.advance(HOUR);
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
    expect(await stateForOthers()).toBe('free');
  });

  it.each([SECOND / 2, 3 * SECOND, HOUR])(
    'is lost after %i ms even if the store fell silent only just before, in the middle of a heartbeat',
    async (staleTimeout) => {
      const lock = await hold(staleTimeout);
      await clock.advance(staleTimeout * 0.99);
      mode = 'is silent';
      const rejected = expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
      await clock.advance(staleTimeout * 0.01);
      expect(lock.signal.aborted).toBe(true);
      await rejected;
    },
  );

  it('is checked once more before the time is over, between two regular checks', async () => {
    // Checks are half a minute apart, and none falls into the last ten seconds.
    const lock = await hold(HOUR + 10 * SECOND);
    await clock.advance(HOUR + SECOND);
    mode = 'refuses';
    await clock.advance(9 * SECOND - 1);
    expect(lock.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(lock.signal.aborted).toBe(true);
  });

  it.each(['is silent', 'gives up'] as const)(
    'is lost in time even if one check is just too early and the next one too late, if the store %s',
    async (how) => {
      // Timers are late, as they are.
      const sleep = clock.sleep.bind(clock);
      clock.sleep = (milliseconds, options) =>
        sleep(milliseconds === 2 * SECOND ? milliseconds + 2 : milliseconds, options);
      // All locks of a process share the checks, which are two seconds apart.
      const dependencies = { clock, processes };
      await acquire('another', { store: distant(), staleTimeout: 8 * SECOND, dependencies });
      await clock.advance(2 * SECOND + 9);
      const lock = await hold(8 * SECOND);
      mode = how;
      await clock.advance(8 * SECOND - 1);
      expect(lock.signal.aborted).toBe(false);
      await clock.advance(1);
      expect(lock.signal.aborted).toBe(true);
    },
  );

  it('does not wait for an answer for longer than the lock is held', async () => {
    const lock = await hold(HOUR);
    mode = 'is silent';
    const beat = lock.heartBeat();
    const rejected = expect(beat).rejects.toThrow(/no answer came/);
    await clock.advance(HOUR);
    await rejected;
    expect(lock.signal.aborted).toBe(true);
  });

  it('stays held by a stalled holder while the store says so, and is lost at the first check that fails', async () => {
    const lock = await hold(HOUR);
    await clock.advance(3 * HOUR);
    expect(lock.signal.aborted).toBe(false);
    await lock.heartBeat();
    await clock.advance(2 * HOUR);
    mode = 'refuses';
    await clock.advance(30 * SECOND);
    expect(lock.signal.aborted).toBe(true);
  });

  it('is lost in time although its holder had stalled before, and then went on', async () => {
    const lock = await hold(HOUR + 10 * SECOND);
    await clock.advance(3 * HOUR);
    await lock.heartBeat();
    await clock.advance(HOUR + SECOND);
    mode = 'refuses';
    await clock.advance(9 * SECOND - 1);
    expect(lock.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(lock.signal.aborted).toBe(true);
  });

  it('is not lost because its process overslept, before the store could answer', async () => {
    // The sleep until shortly before the deadline; the regular checks are two seconds apart.
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (milliseconds, options) =>
      sleep(milliseconds < SECOND || milliseconds === 2 * SECOND ? milliseconds : MINUTE, options);
    const lock = await hold(8 * SECOND);
    await clock.advance(2 * MINUTE);
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
  });

  it('is never lost by silence if no heartbeat is ever too old', async () => {
    const lock = await hold(Number.POSITIVE_INFINITY);
    mode = 'refuses';
    await clock.advance(1000 * HOUR);
    expect(lock.signal.aborted).toBe(false);
    mode = 'answers';
    await lock.release();
  });

  it('does not keep others out longer than necessary once it is released', async () => {
    const lock = await hold(HOUR);
    mode = 'refuses';
    await clock.advance(HOUR);
    mode = 'answers';
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
    await clock.advance(0);
    expect(await stateForOthers()).toBe('free');
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
  });

  it('does not take back a lock that was taken over', async () => {
    const lock = await hold(HOUR);
    mode = 'refuses';
    await clock.advance(HOUR + 1);
    const next = await acquire(NAME, { store, dependencies: { clock, processes } });
    mode = 'answers';
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
    await clock.advance(0);
    await next.heartBeat();
    expect(await stateForOthers()).toBe('live');
    await next.release();
  });
});
