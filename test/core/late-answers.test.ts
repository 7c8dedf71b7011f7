import { beforeEach, describe, expect, it } from 'vitest';
import type { Awaitable, Outcome } from '../../src/core/store.js';
import { acquire, ErrLockBusy, ErrLockLost, inspect, type Lock, type Store } from '../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { HOUR, MINUTE, SECOND } from '../../support/world.js';

const NAME = 'nightly';

/** What happens to a call on its way to the store, or to the answer on its way back. */
type Way = (operate: () => unknown) => Promise<unknown>;

/** The call is carried out, and the answer is lost. */
const withoutAnswer: Way = async (operate) => {
  await operate();
  throw new Error('no answer came');
};

/** It never gets there. */
const unreachable: Way = async () => {
  throw new Error('no way there');
};

describe('a store whose answers come late or not at all', () => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  /** As seen by others, who can reach it. */
  let store: Store;
  let ways: Partial<Record<'read' | 'claim' | 'beat' | 'remove', Way>>;
  let removed: Map<string, Outcome>;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    store = memoryStore({ clock, processes });
    ways = {};
    removed = new Map();
  });

  /** As seen by the holder. */
  function distant(): Store {
    const go = async <T>(name: keyof typeof ways, operate: () => Awaitable<T>): Promise<T> => {
      const way = ways[name];
      if (way === undefined) return operate();
      const kept: T[] = [];
      await way(async () => kept.push(await operate()));
      const [answer] = kept;
      if (answer === undefined) throw new Error('The test has swallowed an answer.');
      return answer;
    };
    return {
      resolve: (name) => store.resolve(name),
      read: (name) => go('read', () => store.read(name)),
      claim: (name, claim, over) => go('claim', () => store.claim(name, claim, over)),
      beat: (name, token, beat) => go('beat', () => store.beat(name, token, beat)),
      remove: (name, token, hold) => go('remove', () => removeOnce(name, token, hold)),
    };
  }

  /** Like stores in which the token stays after a release: a repeated call is done too. */
  async function removeOnce(name: string, token: string, hold: number | undefined): Promise<Outcome> {
    const before = removed.get(token);
    if (before !== undefined) return before;
    const outcome = await store.remove(name, token, hold);
    if (outcome.done) removed.set(token, outcome);
    return outcome;
  }

  function acquireHere(staleTimeout = HOUR): Promise<Lock> {
    const dependencies = { clock, processes };
    return acquire(NAME, { store: distant(), staleTimeout, heartbeatMinimalInterval: 0, dependencies });
  }

  /** By another process, which can always reach the store. */
  function acquireThere(staleTimeout = HOUR): Promise<Lock> {
    const dependencies = { clock, processes: processes.as(processes.start()) };
    return acquire(NAME, { store, staleTimeout, heartbeatMinimalInterval: 0, dependencies });
  }

  async function stateForOthers(): Promise<string> {
    return (await inspect(NAME, { store, dependencies: { clock, processes } })).state;
  }

  it('does not give a lock to a contender that hears of its claim only after the stale timeout', async () => {
    ways.claim = async (operate) => {
      await operate();
      await clock.sleep(2 * HOUR);
    };
    const refused = expect(acquireHere()).rejects.toThrow(ErrLockBusy);
    await clock.advance(HOUR + 1);
    const other = await acquireThere();
    ways = {};
    await clock.advance(HOUR - 1);
    await refused;
    await other.heartBeat();
    await other.release();
  });

  it('is sent one claim if it answers within the stale timeout, however long the machine has been up', async () => {
    await clock.advance(100 * HOUR);
    let claims = 0;
    ways.claim = async (operate) => {
      claims += 1;
      await operate();
      await clock.sleep(HOUR - 1);
    };
    const acquiring = acquireHere();
    await clock.advance(HOUR - 1);
    await (await acquiring).release();
    expect(claims).toBe(1);
  });

  it('gives the lock again to a contender that hears of its claim only after the stale timeout, if nobody else took it', async () => {
    ways.claim = async (operate) => {
      await operate();
      await clock.sleep(2 * HOUR);
      ways = {};
    };
    const late = acquireHere();
    await clock.advance(2 * HOUR);
    const lock = await late;
    expect(await stateForOthers()).toBe('live');
    await lock.release();
    expect(await stateForOthers()).toBe('free');
  });

  it('takes a claim that was answered too late back, even if the store cannot be reached at first', async () => {
    ways.claim = async (operate) => {
      await operate();
      await clock.sleep(2 * MINUTE);
      ways = { read: unreachable };
    };
    const refused = expect(acquireHere(MINUTE)).rejects.toThrow('no way there');
    await clock.advance(2 * MINUTE);
    await refused;
    ways = {};
    await expect(acquireThere(HOUR)).rejects.toThrow(ErrLockBusy);
    await clock.advance(MINUTE);
    expect(await stateForOthers()).toBe('free');
    // Nothing looks any more.
    await clock.advance(MINUTE);
    expect(clock.sleeping).toBe(0);
  });

  it('is not asked without end if every answer takes longer than the stale timeout', async () => {
    let calls = 0;
    ways.claim = async (operate) => {
      calls += 1;
      await operate();
      await clock.sleep(2 * SECOND);
    };
    const acquired = acquireHere(SECOND);
    await clock.advance(MINUTE);
    expect(calls).toBe(11);
    ways = {};
    await (await acquired).release();
    await clock.advance(MINUTE);
    expect(await stateForOthers()).toBe('free');
  });

  it('does not keep a process out of its own lock with a claim that is carried out much later', async () => {
    let deliver = (): unknown => undefined;
    ways.claim = async (operate) => {
      deliver = operate;
      throw new Error('no answer came');
    };
    await expect(acquireHere()).rejects.toThrow('no answer came');
    ways = {};
    await (await acquireHere()).release();
    await deliver();
    expect(await stateForOthers()).toBe('live');
    await (await acquireHere()).release();
    expect(await stateForOthers()).toBe('free');
  });

  it('does not keep others out for a process that gave up and never comes back', async () => {
    let deliver = (): unknown => undefined;
    ways.claim = async (operate) => {
      deliver = operate;
      throw new Error('no answer came');
    };
    await expect(acquireHere(Number.POSITIVE_INFINITY)).rejects.toThrow('no answer came');
    await clock.advance(MINUTE);
    await deliver();
    expect(await stateForOthers()).toBe('live');
    await clock.advance(MINUTE);
    expect(await stateForOthers()).toBe('free');
  });

  it('is asked about a claim in doubt for an hour, and no longer', async () => {
    let looks = 0;
    ways.claim = unreachable;
    await expect(acquireHere()).rejects.toThrow('no way there');
    ways.read = async (operate) => {
      looks += 1;
      await operate();
    };
    await clock.advance(HOUR - 1);
    // Two claims: one that fails is sent once more.
    expect(looks).toBe(2 * 119);
    await clock.advance(2 * HOUR);
    expect(looks).toBe(2 * 120);
    expect(clock.sleeping).toBe(0);
  });

  it('is asked again after a look that failed', async () => {
    ways.claim = withoutAnswer;
    ways.remove = unreachable;
    await expect(acquireHere()).rejects.toThrow('no answer came');
    ways.read = unreachable;
    await clock.advance(MINUTE);
    delete ways.read;
    await clock.advance(MINUTE);
    expect(await stateForOthers()).toBe('live');
    ways = {};
    await clock.advance(MINUTE);
    expect(await stateForOthers()).toBe('free');
  });

  it('does not keep a lock that nobody wants any more after it stayed silent until the stale timeout', async () => {
    const lock = await acquireHere();
    ways = { read: unreachable, remove: unreachable };
    await expect(lock[Symbol.asyncDispose]()).rejects.toThrow('no way there');
    await clock.advance(HOUR);
    ways = {};
    await clock.advance(MINUTE);
    expect(await stateForOthers()).toBe('free');
    await clock.advance(MINUTE);
    expect(clock.sleeping).toBe(0);
  });

  it('does not keep a lost lock whose release it could not be told of', async () => {
    const lock = await acquireHere();
    ways = { read: unreachable, remove: unreachable };
    await clock.advance(HOUR);
    expect(lock.signal.aborted).toBe(true);
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
    ways = {};
    // The process that could not release it need not wait.
    await (await acquireHere(Number.POSITIVE_INFINITY)).release();
    expect(await stateForOthers()).toBe('free');
  });

  it('does not turn a release whose answer was lost into a loss', async () => {
    const lock = await acquireHere();
    ways.remove = withoutAnswer;
    await expect(lock.release()).rejects.toThrow('no answer came');
    ways = {};
    await clock.advance(MINUTE);
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
    expect(await stateForOthers()).toBe('free');
  });

  it('hears of a release at the second call if the answer to the first was lost', async () => {
    const lock = await acquireHere();
    let calls = 0;
    ways.remove = async (operate) => {
      calls += 1;
      await operate();
      if (calls === 1) throw new Error('no answer came');
    };
    await lock.release();
    expect(calls).toBe(2);
    expect(await stateForOthers()).toBe('free');
  });

  it('gives the lock to a contender if the answer to its first claim was lost', async () => {
    let calls = 0;
    ways.claim = async (operate) => {
      calls += 1;
      await operate();
      if (calls === 1) throw new Error('no answer came');
    };
    const lock = await acquireHere();
    expect(calls).toBe(2);
    // Only the first claim is checked for afterwards.
    await clock.advance(HOUR / 2);
    await lock.heartBeat();
    await lock.release();
  });

  it('does not turn it into a loss either if a heartbeat finds the lock gone', async () => {
    const lock = await acquireHere();
    ways.remove = withoutAnswer;
    await expect(lock.release()).rejects.toThrow('no answer came');
    ways = {};
    await lock.heartBeat();
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
    expect(await stateForOthers()).toBe('free');
  });

  it('does not hide a loss behind a release that was not carried out', async () => {
    const lock = await acquireHere();
    ways.remove = unreachable;
    await expect(lock.release()).rejects.toThrow('no way there');
    await clock.advance(HOUR + 1);
    const other = await acquireThere();
    ways = {};
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    expect(lock.signal.aborted).toBe(true);
    await other.release();
  });

  it('does not hold up a release for longer than the lock is held', async () => {
    const lock = await acquireHere();
    ways.remove = () => new Promise(() => {});
    const rejected = expect(lock.release()).rejects.toThrow(ErrLockLost);
    ways.read = () => new Promise(() => {});
    await clock.advance(HOUR);
    await rejected;
    expect(lock.signal.aborted).toBe(true);
  }, 5000);

  it('does not hold up two `setWorkers` calls at a time for longer than the lock is held', async () => {
    const lock = await acquireHere();
    let answer = (): void => {};
    const first = new Promise<void>((resolve) => {
      answer = resolve;
    });
    ways.beat = async (operate) => {
      ways.beat = () => new Promise(() => {});
      await first;
      await operate();
    };
    const beat = lock.heartBeat();
    const named = [lock.setWorkers([]), lock.setWorkers([])];
    const rejected = Promise.all(named.map((each) => expect(each).rejects.toThrow(ErrLockLost)));
    answer();
    await beat;
    ways.read = () => new Promise(() => {});
    await clock.advance(HOUR);
    await rejected;
  }, 5000);

  it('counts a heartbeat from when it was sent, not from when it was answered', async () => {
    const lock = await acquireHere();
    await clock.advance(MINUTE);
    ways = {
      read: unreachable,
      beat: async (operate) => {
        await operate();
        await clock.sleep(10 * MINUTE);
      },
    };
    const beat = lock.heartBeat();
    await clock.advance(10 * MINUTE);
    await beat;
    await clock.advance(50 * MINUTE - 1);
    expect(lock.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(lock.signal.aborted).toBe(true);
  });

  it('does not forget the heartbeats that others send for the holder', async () => {
    const lock = await acquireHere();
    for (let half = 1; half <= 6; half++) {
      await clock.advance(HOUR / 2);
      await store.beat(NAME, lock.token, {});
    }
    await clock.advance(MINUTE);
    ways.read = async () => {
      throw new Error('connect ECONNREFUSED 10.0.0.5:5432');
    };
    await clock.advance(HOUR - MINUTE - 30 * SECOND);
    expect(lock.signal.aborted).toBe(false);
    expect(await stateForOthers()).toBe('live');
    await clock.advance(30 * SECOND);
    expect(lock.signal.aborted).toBe(true);
    expect(await stateForOthers()).toBe('live');
    await clock.advance(1);
    expect(await stateForOthers()).toBe('stalled');
  });
});
