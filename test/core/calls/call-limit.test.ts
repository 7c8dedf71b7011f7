import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Awaitable, Outcome } from '../../../src/core/store.js';
import {
  type AcquireOptions,
  acquire,
  breakLock,
  type Clock,
  ErrLockBusy,
  type InspectOptions,
  inspect,
  type Lock,
  type Store,
} from '../../../src/index.js';
import { FakeClock, type FakeProcess, FakeProcessTable, memoryStore } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND } from '../../../support/world.js';

const NAME = 'nightly';
const ENOUGH = 'enough';

type Operation = 'read' | 'claim' | 'beat' | 'remove' | 'askHolder';

/** Answers when the test says so, and never by itself. */
interface Held {
  readonly operation: Operation;
  /** Carries it out, and answers. */
  answer(): Promise<void>;
  /** Answers without doing anything. */
  fail(error: Error): void;
}

function asDone(outcome: Outcome): Extract<Outcome, { done: true }> {
  if (!outcome.done) throw new Error('The claim was not carried out.');
  return outcome;
}

describe('a call to a store that never answers', () => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  /** As seen by others, who get answers. */
  let store: Store;
  let silent: ReadonlySet<Operation>;
  let held: Held[];
  let stopping: AbortController;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    store = memoryStore({ clock, processes });
    silent = new Set();
    held = [];
    stopping = new AbortController();
  });

  /** As seen by this process. */
  function distant(): Store {
    const reach = <T>(operation: Operation, operate: () => Awaitable<T>): Awaitable<T> => {
      if (!silent.has(operation)) return operate();
      return new Promise<T>((resolve, reject) => {
        held.push({
          operation,
          answer: async () => resolve(await operate()),
          fail: reject,
        });
      });
    };
    return {
      resolve: (name) => store.resolve(name),
      read: (name) => reach('read', () => store.read(name)),
      claim: (name, claim, over) => reach('claim', () => store.claim(name, claim, over)),
      beat: (name, token, beat) => reach('beat', () => store.beat(name, token, beat)),
      remove: (name, token, hold) => reach('remove', () => store.remove(name, token, hold)),
      askHolder: async () => reach('askHolder', () => 'unknown' as const),
    };
  }

  function dependencies(process: FakeProcess = processes.own) {
    return { clock, processes: processes.as(process) };
  }

  function acquireHere(options: AcquireOptions = {}): Promise<Lock> {
    const { signal } = stopping;
    return acquire(NAME, { store: distant(), signal, dependencies: dependencies(), ...options });
  }

  function acquireThere(options: AcquireOptions = {}, process = processes.start()): Promise<Lock> {
    return acquire(NAME, { store, dependencies: dependencies(process), ...options });
  }

  function here(options: InspectOptions = {}): InspectOptions {
    return { store: distant(), signal: stopping.signal, dependencies: dependencies(), ...options };
  }

  async function stateForOthers(): Promise<string> {
    return (await inspect(NAME, { store, dependencies: dependencies() })).state;
  }

  /** Lets the call go as far as it gets. */
  function settle(): Promise<void> {
    return clock.advance(0);
  }

  describe('ends when its signal aborts', () => {
    it.each(['read', 'claim'] as const)('while `acquire` waits for a %s', async (operation) => {
      silent = new Set([operation]);
      const ended = expect(acquireHere()).rejects.toBe(ENOUGH);
      await settle();
      expect(held.map((each) => each.operation)).toEqual([operation]);
      stopping.abort(ENOUGH);
      await ended;
    });

    it('while `acquire` asks a sign of life', async () => {
      await acquireThere({}, processes.start({ hostname: 'db-2', bootId: 'another-boot' }));
      silent = new Set(['askHolder']);
      const ended = expect(acquireHere()).rejects.toBe(ENOUGH);
      await settle();
      expect(held).toHaveLength(1);
      stopping.abort(ENOUGH);
      await ended;
    });

    it('while `acquire` waits for a busy lock, and reads it again', async () => {
      await acquireThere();
      const ended = expect(acquireHere({ wait: '1h' })).rejects.toBe(ENOUGH);
      await settle();
      silent = new Set(['read']);
      await clock.advance(SECOND);
      expect(held).toHaveLength(1);
      stopping.abort(ENOUGH);
      await ended;
      await settle();
      expect(clock.sleeping).toBe(1);
    });

    it('while `acquire` ends a stalled holder, which is not killed then', async () => {
      const holder = processes.start({}, { ignoresTerm: true });
      await acquireThere({ staleTimeout: SECOND }, holder);
      await clock.advance(2 * SECOND);
      const ended = expect(acquireHere({ terminateStalled: true, staleTimeout: SECOND })).rejects.toBe(
        ENOUGH,
      );
      await clock.advance(SECOND);
      stopping.abort(ENOUGH);
      await ended;
      await clock.advance(MINUTE);
      expect(processes.signals).toEqual([{ pid: holder.pid, signal: 'SIGTERM' }]);
      expect(await stateForOthers()).toBe('stalled');
    });

    it('while `inspect` waits for an answer', async () => {
      silent = new Set(['read']);
      const ended = expect(inspect(NAME, here())).rejects.toBe(ENOUGH);
      await settle();
      stopping.abort(ENOUGH);
      await ended;
    });

    it.each(['read', 'claim', 'remove'] as const)('while `breakLock` waits for a %s', async (operation) => {
      const lock = await acquireThere();
      silent = new Set([operation]);
      const ended = expect(breakLock(NAME, { ...here(), force: true })).rejects.toBe(ENOUGH);
      await settle();
      stopping.abort(ENOUGH);
      await ended;
      silent = new Set();
      expect(held).toHaveLength(1);
      await held[0]?.answer();
      await clock.advance(MINUTE);
      // It does not stay with the process that wanted to break it.
      const { state, holder } = await inspect(NAME, { store, dependencies: dependencies() });
      expect([state, holder?.token]).toEqual(
        operation === 'read' ? ['live', lock.token] : ['free', undefined],
      );
    });

    it('while `breakLock` waits for a removal that is never carried out', async () => {
      await acquireThere();
      silent = new Set(['remove']);
      const ended = expect(breakLock(NAME, { ...here(), force: true })).rejects.toBe(ENOUGH);
      await settle();
      stopping.abort(ENOUGH);
      await ended;
      silent = new Set();
      await clock.advance(MINUTE);
      expect(await stateForOthers()).toBe('free');
    });

    it('before it has begun', async () => {
      stopping.abort(ENOUGH);
      await expect(inspect(NAME, here())).rejects.toBe(ENOUGH);
      await expect(breakLock(NAME, here())).rejects.toBe(ENOUGH);
      expect(held).toEqual([]);
    });

    it('and has one listener for all calls at a time', async () => {
      await acquireThere();
      silent = new Set(['read']);
      const { signal } = stopping;
      const calls = [inspect(NAME, here()), acquireHere(), acquireHere({ wait: '1h' })];
      const ended = calls.map((call) => expect(call).rejects.toBe(ENOUGH));
      await settle();
      silent = new Set();
      ended.push(expect(acquireHere({ wait: '1h' })).rejects.toBe(ENOUGH));
      await settle();
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
      stopping.abort(ENOUGH);
      await Promise.all(ended);
    });

    it('whether or not another call with that signal has ended before', async () => {
      const holder = await acquireThere();
      const waiting = expect(acquireHere({ wait: '1h' })).rejects.toBe(ENOUGH);
      await settle();
      await inspect(NAME, here());
      stopping.abort(ENOUGH);
      await waiting;
      await holder.release();
      expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
      expect(clock.sleeping).toBe(0);
    });

    it('and leaves nothing behind on the signal', async () => {
      const { signal } = stopping;
      await inspect(NAME, here());
      const lock = await acquireHere({ wait: '1m' });
      await expect(acquireHere()).rejects.toThrow(ErrLockBusy);
      await lock.release();
      await breakLock(NAME, here());
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });
  });

  describe('whose claim is in flight when it ends', () => {
    /** A call that has ended, and its claim. */
    async function abandoned(options: AcquireOptions = {}): Promise<Held> {
      silent = new Set(['claim']);
      const ended = expect(acquireHere(options)).rejects.toBe(ENOUGH);
      await settle();
      stopping.abort(ENOUGH);
      await ended;
      silent = new Set();
      const [claim] = held;
      if (claim === undefined) throw new Error('There is no claim.');
      return claim;
    }

    it('has it taken back as soon as it is answered', async () => {
      const claim = await abandoned();
      const answered = claim.answer();
      await answered;
      await settle();
      expect(await stateForOthers()).toBe('free');
      await clock.advance(MINUTE);
      expect(clock.sleeping).toBe(0);
    });

    it.each([
      ['at once', async (claim: Held) => claim.answer()],
      ['later', deliverWithoutAnswer],
    ])('leaves a hold as it was, taken back %s', async (_when, deliver) => {
      const inCharge = { owner: 'db-1', sticky: true, holdAtLeast: HOUR };
      const released = await acquireHere(inCharge);
      await released.release();
      await clock.advance(10 * MINUTE);
      const claim = await abandoned(inCharge);
      await deliver(claim);
      await clock.advance(MINUTE);
      expect(await stateForOthers()).toBe('cooldown');
      await clock.advance(48 * MINUTE);
      expect(await stateForOthers()).toBe('cooldown');
      await clock.advance(2 * MINUTE);
      expect(await stateForOthers()).toBe('free');
    });

    /** The store carries it out, and the answer is lost. */
    async function deliverWithoutAnswer(claim: Held): Promise<void> {
      silent = new Set(['remove']);
      await claim.answer();
      await settle();
      held.at(-1)?.fail(new ErrLockBusy(NAME, null, 0, 'someone is changing it'));
      silent = new Set();
    }

    it('is not given a lock that is taken back, if the signal aborts while the claim is answered', async () => {
      const hasty: Store = {
        ...distant(),
        claim(name, claim, over) {
          const outcome = store.claim(name, claim, over);
          stopping.abort(ENOUGH);
          return thenable(() => outcome);
        },
      };
      await expect(acquireHere({ store: hasty })).rejects.toBe(ENOUGH);
      await settle();
      expect(await stateForOthers()).toBe('free');
    });

    it('sends its claim once, even if a driver sends it at each call of `then`', async () => {
      let sent = 0;
      const lazy: Store = {
        ...distant(),
        claim: (name, claim, over) =>
          thenable(() => {
            sent += 1;
            return store.claim(name, claim, over);
          }),
      };
      const lock = await acquireHere({ store: lazy });
      expect(sent).toBe(1);
      await lock.release();
    });

    /** Not of the class `Promise`; it begins when somebody waits for it, and answers at once. */
    function thenable<T>(operate: () => Awaitable<T>): Promise<T> {
      return Object.assign(Object.create(Promise.prototype), {
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested.
        then: (done: (answer: Awaitable<T>) => unknown) => {
          done(operate());
        },
      });
    }

    it('has it taken back if the store has repeated it, and finds itself as the holder', async () => {
      let found: Outcome | undefined;
      const repeating: Store = {
        ...distant(),
        claim: async (name, claim, over) => {
          const { record } = asDone(await store.claim(name, claim, over));
          await clock.sleep(SECOND);
          found = { done: false, found: record };
          return found;
        },
      };
      const ended = expect(acquireHere({ store: repeating })).rejects.toBe(ENOUGH);
      await settle();
      stopping.abort(ENOUGH);
      await ended;
      expect(await stateForOthers()).toBe('live');
      await clock.advance(SECOND);
      expect(found).toMatchObject({ done: false });
      expect(await stateForOthers()).toBe('free');
    });

    it('is not asked about it again if it was refused', async () => {
      const claim = await abandoned();
      claim.fail(new ErrLockBusy(NAME, null, 0, 'someone is changing it'));
      await clock.advance(MINUTE);
      expect(clock.sleeping).toBe(0);
    });

    it('is asked about it again if it failed in a way that proves nothing', async () => {
      const claim = await abandoned();
      claim.fail(new Error('the connection was closed'));
      await clock.advance(MINUTE);
      expect(clock.sleeping).toBe(1);
    });

    it('has nothing taken back if it was not carried out', async () => {
      const claim = await abandoned();
      const other = await acquireThere();
      await claim.answer();
      await clock.advance(MINUTE);
      expect(clock.sleeping).toBe(1);
      await other.heartBeat();
      await other.release();
    });

    it('has it taken back later if it is never answered', async () => {
      let deliver = (): Awaitable<Outcome | null> => null;
      const deaf: Store = {
        ...distant(),
        claim: (name, claim, over) => {
          deliver = () => store.claim(name, claim, over);
          return new Promise(() => {});
        },
      };
      const ended = expect(acquireHere({ store: deaf })).rejects.toBe(ENOUGH);
      await settle();
      stopping.abort(ENOUGH);
      await ended;
      await deliver();
      expect(await stateForOthers()).toBe('live');
      await clock.advance(MINUTE);
      expect(await stateForOthers()).toBe('free');
    });

    it('has it taken back later if it cannot be removed at once', async () => {
      const claim = await abandoned();
      silent = new Set(['remove']);
      await claim.answer();
      await settle();
      const [, removal] = held;
      removal?.fail(new ErrLockBusy(NAME, null, 0, 'someone is changing it'));
      silent = new Set();
      expect(await stateForOthers()).toBe('live');
      await clock.advance(MINUTE);
      expect(await stateForOthers()).toBe('free');
    });

    it('does not disturb the lock that the same process acquires meanwhile', async () => {
      const claim = await abandoned();
      stopping = new AbortController();
      const lock = await acquireHere();
      await claim.answer();
      await clock.advance(HOUR / 2);
      await lock.heartBeat();
      expect(await stateForOthers()).toBe('live');
      await lock.release();
    });

    it('keeps the lock if the answer came first', async () => {
      silent = new Set(['claim']);
      const acquired = acquireHere();
      await settle();
      await held[0]?.answer();
      stopping.abort(ENOUGH);
      const lock = await acquired;
      await lock.heartBeat();
      await clock.advance(MINUTE);
      expect(await stateForOthers()).toBe('live');
      await lock.release();
    });
  });

  describe('ends when its `wait` is over', () => {
    it.each([
      ['read', false],
      ['claim', true],
    ] as const)('while it waits for a %s', async (operation, isInDoubt) => {
      silent = new Set([operation]);
      let outcome: unknown = 'waiting';
      const ended = acquireHere({ wait: '3s' }).catch((error: unknown) => {
        outcome = error;
      });
      await clock.advance(3 * SECOND - 1);
      expect(outcome).toBe('waiting');
      await clock.advance(1);
      await ended;
      expect(outcome).toMatchObject({
        name: 'ErrLockStore',
        code: 'ETIMEDOUT',
        isInDoubt,
        message:
          'Cannot acquire nightly: the store did not answer within the `wait` of 3 seconds. ' +
          'Check that it can be reached from here, or wait longer.',
      });
    });

    it('but not if the answer comes in the last moment', async () => {
      const slow: Store = {
        ...distant(),
        read: async (name) => {
          await clock.sleep(3 * SECOND);
          return store.read(name);
        },
      };
      const acquired = acquireHere({ store: slow, wait: '3s' });
      await clock.advance(3 * SECOND);
      await (await acquired).release();
    });

    it('but not in the middle of an operation that ends by itself, as with files', async () => {
      const changing = new ErrLockBusy(NAME, null, 0, 'someone is changing it');
      const guarded: Store = {
        ...distant(),
        isPrompt: true,
        claim: async () => {
          await clock.sleep(5 * SECOND);
          throw changing;
        },
      };
      let outcome: unknown = 'waiting';
      const ended = acquireHere({ store: guarded, wait: '3s' }).catch((error: unknown) => {
        outcome = error;
      });
      await clock.advance(4 * SECOND);
      expect(outcome).toBe('waiting');
      await clock.advance(SECOND);
      await ended;
      expect(outcome).toMatchObject({ code: 'ERR_LOCK_BUSY', reason: changing.reason });
    });

    it('with the store as the reason if it was busy at first and then silent', async () => {
      await acquireThere();
      const ended = expect(acquireHere({ wait: '3s' })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await settle();
      silent = new Set(['read']);
      await clock.advance(3 * SECOND);
      await ended;
    });

    it('with the store as the reason if it has never answered, however short the time', async () => {
      silent = new Set(['read']);
      const ended = expect(acquireHere({ wait: 500 })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
      await clock.advance(500);
      await ended;
    });

    it('with the lock as the reason if that happens between two questions', async () => {
      await acquireThere();
      const sleepy: Clock = {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        sinceBoot: () => clock.sinceBoot(),
        // The pauses of a busy process end late.
        sleep: (length, options) =>
          clock.sleep(length > 0 && length < SECOND ? length + 50 : length, options),
      };
      const ended = expect(
        acquireHere({ wait: '3s', dependencies: { ...dependencies(), clock: sleepy } }),
      ).rejects.toThrow(ErrLockBusy);
      await clock.advance(3 * SECOND);
      await ended;
    });

    it('with the lock as the reason if the store is only slow', async () => {
      await acquireThere();
      const slow: Store = {
        ...distant(),
        read: async (name) => {
          await clock.sleep(300);
          return store.read(name);
        },
      };
      const ended = expect(acquireHere({ store: slow, wait: '2s' })).rejects.toThrow(ErrLockBusy);
      await clock.advance(2 * SECOND);
      await ended;
    });

    it('but not while it ends a stalled holder, and then takes over', async () => {
      const holder = processes.start({}, { ignoresTerm: true });
      await acquireThere({ staleTimeout: SECOND }, holder);
      await clock.advance(2 * SECOND);
      const acquired = acquireHere({ terminateStalled: true, staleTimeout: SECOND, wait: '1s' });
      await clock.advance(6 * SECOND);
      await (await acquired).release();
    });

    it('never, if it is infinite', async () => {
      silent = new Set(['read']);
      let outcome: unknown = 'waiting';
      const ended = acquireHere({ wait: Number.POSITIVE_INFINITY }).catch((error: unknown) => {
        outcome = error;
      });
      await clock.advance(1000 * HOUR);
      expect(outcome).toBe('waiting');
      stopping.abort(ENOUGH);
      await ended;
      expect(outcome).toBe(ENOUGH);
    });
  });

  it('does not keep a timer once the lock is acquired', async () => {
    const lock = await acquireHere({ wait: '1h' });
    await lock.release();
    await clock.advance(MINUTE);
    expect(clock.sleeping).toBe(0);
  });
});
