import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Awaitable } from '../../src/core/store.js';
import {
  acquire,
  ErrLockLost,
  ErrLockStore,
  type HeartBeat,
  inspect,
  type Lock,
  type Store,
  withLock,
} from '../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../src/testing/index.js';
import { HOUR, untyped } from '../../support/world.js';

const NAME = 'nightly';

describe.each(['at once', 'later'])('a heartbeat that nobody awaits, in a store that answers %s', (when) => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  let shared: Store;
  /** How the holder's store fails. */
  let failure: Error | null;
  /** What would have ended the process. */
  let unhandled: unknown[];
  let warnings: unknown[];

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    shared = memoryStore({ clock, processes });
    failure = null;
    unhandled = replaceListeners('unhandledRejection');
    warnings = replaceListeners('warning');
  });

  function reach<T>(operate: () => Awaitable<T>): Awaitable<T> {
    const attempt = () => {
      if (failure !== null) throw failure;
      return operate();
    };
    return when === 'later' ? nextTurn().then(attempt) : attempt();
  }

  function options() {
    const store: Store = {
      resolve: (name) => shared.resolve(name),
      read: (...read) => reach(() => shared.read(...read)),
      claim: (...claim) => shared.claim(...claim),
      beat: (...beat) => reach(() => shared.beat(...beat)),
      remove: (...removal) => reach(() => shared.remove(...removal)),
    };
    return { store, heartbeatMinimalInterval: 0, dependencies: { clock, processes } };
  }

  /** Somebody breaks the lock, and another process acquires it. Nobody has told the holder yet. */
  async function takeOver({ token }: Lock): Promise<void> {
    await shared.remove(NAME, token);
    const other = processes.as(processes.start());
    await acquire(NAME, { store: shared, dependencies: { clock, processes: other } });
  }

  async function holdAndLose(): Promise<Lock> {
    const lock = await acquire(NAME, options());
    await takeOver(lock);
    return lock;
  }

  it.each<[how: string, beat: (lock: Lock) => unknown]>([
    ['with `void`', (lock) => void lock.heartBeat()],
    ['in a loop', (lock) => [1, 2, 3].forEach(() => void lock.heartBeat())],
    ['again and again', (lock) => beatAgain(lock, 3)],
    ['in a timer', (lock) => beatInTimer(lock, () => warnings.length > 0)],
    ['when the loss is known already', (lock) => clock.advance(HOUR).then(() => void lock.heartBeat())],
  ])('does not end the process if the lock is lost, but is warned of: %s', async (_how, beat) => {
    const lock = await holdAndLose();
    await beat(lock);
    await settle();
    expect(unhandled).toEqual([]);
    expect(warnings).toEqual([
      expect.objectContaining({
        name: 'LivingLockWarning',
        code: 'LIVINGLOCK_LOST',
        message: expect.stringMatching(
          /^nightly was lost: PID .* await `heartBeat\(\)`, or use `lock\.signal`\.$/,
        ),
      }),
    ]);
    await expect(lock.release()).rejects.toBeInstanceOf(ErrLockLost);
  });

  it('aborts the signal if the lock is lost, and then needs no warning', async () => {
    const lock = await holdAndLose();
    const { signal } = lock;
    void lock.heartBeat();
    await settle();
    expect(signal.reason).toBeInstanceOf(ErrLockLost);
    expect({ unhandled, warnings }).toEqual({ unhandled: [], warnings: [] });
  });

  it('needs no warning if another one was awaited', async () => {
    const lock = await holdAndLose();
    await expect(lock.heartBeat()).rejects.toBeInstanceOf(ErrLockLost);
    void lock.heartBeat();
    await settle();
    expect({ unhandled, warnings }).toEqual({ unhandled: [], warnings: [] });
  });

  it('lets the function of `withLock` end, which rejects with the loss', async () => {
    const work = withLock(NAME, options(), async (lock) => {
      await takeOver(lock);
      void lock.heartBeat();
      await settle();
    });
    await expect(work).rejects.toBeInstanceOf(ErrLockLost);
    expect(unhandled).toEqual([]);
  });

  it('lets the block of `await using` end, which throws the loss', async () => {
    const block = async () => {
      await using lock = await acquire(NAME, options());
      await takeOver(lock);
      void lock.heartBeat();
      await settle();
    };
    await expect(block()).rejects.toBeInstanceOf(ErrLockLost);
    expect(unhandled).toEqual([]);
  });

  it('is tried again by the next one if it could not be written', async () => {
    const lock = await acquire(NAME, options());
    failure = new ErrLockStore(NAME, 'ENOSPC', 'The disk is full.');
    await clock.advance(HOUR / 2);
    void lock.heartBeat();
    await settle();
    expect({ unhandled, warnings }).toEqual({ unhandled: [], warnings: [] });
    failure = null;
    void lock.heartBeat();
    await settle();
    const { heartbeatAge } = await inspect(NAME, { store: shared, dependencies: { clock, processes } });
    expect(heartbeatAge).toBe(0);
    await lock.release();
  });

  it('is warned of when it could not be written for too long', async () => {
    const lock = await acquire(NAME, options());
    failure = new ErrLockStore(NAME, 'ENOSPC', 'The disk is full.');
    for (let tries = 0; tries < 13; tries++) {
      await clock.advance(HOUR / 12);
      void lock.heartBeat();
    }
    await settle();
    expect(unhandled).toEqual([]);
    expect(warnings).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/counts as lost.*full/) }),
    ]);
  });

  it('does not hide a bug in the store', async () => {
    const lock = await acquire(NAME, options());
    failure = new TypeError('undefined is not a function');
    void lock.heartBeat();
    await settle();
    expect(unhandled).toEqual([failure]);
    await expect(lock.heartBeat()).rejects.toBe(failure);
    await settle();
    expect(unhandled).toEqual([failure]);
  });

  it.each<[update: unknown, error: unknown]>([
    [{ progress: 7 }, RangeError],
    [{ note: 7 }, TypeError],
    [{ Progress: 1 }, TypeError],
  ])('does not hide a wrong argument: %o', async (update, error) => {
    const lock = await acquire(NAME, options());
    void lock.heartBeat(untyped<HeartBeat>(update));
    await settle();
    expect(unhandled).toEqual([expect.any(error)]);
  });

  it('makes ordinary promises, whose rejection has to be handled', async () => {
    const lock = await holdAndLose();
    void lock.heartBeat().then(() => {});
    void (async () => {
      await lock.heartBeat();
    })();
    await settle();
    expect(unhandled).toEqual([expect.any(ErrLockLost), expect.any(ErrLockLost)]);
    expect(warnings).toEqual([]);
  });

  it.each<[how: string, handle: (beat: Promise<void>) => Promise<unknown>]>([
    ['await', (beat) => errorOf(async () => await beat)],
    ['catch', (beat) => beat.catch((error) => error)],
    ['Promise.all', (beat) => Promise.all([beat]).catch((error) => error)],
    ['finally', (beat) => beat.finally(() => {}).catch((error) => error)],
    ['await, later', (beat) => settle().then(() => errorOf(async () => await beat))],
  ])('is awaited by `%s`, and the end of a block does not repeat the loss', async (_how, handle) => {
    await using lock = await acquire(NAME, options());
    await takeOver(lock);
    expect(await handle(lock.heartBeat())).toBeInstanceOf(ErrLockLost);
    expect(unhandled).toEqual([]);
  });
});

async function errorOf(act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    return error;
  }
}

async function beatAgain(lock: Lock, times: number): Promise<void> {
  for (let beat = 0; beat < times; beat++) {
    void lock.heartBeat();
    await settle();
  }
}

/** Until enough heartbeats were sent, and a few more. */
async function beatInTimer(lock: Lock, isEnough: () => boolean): Promise<void> {
  const timer = setInterval(() => lock.heartBeat(), 1);
  try {
    while (!isEnough()) await nextTurn();
    await settle();
  } finally {
    clearInterval(timer);
  }
}

/** Long enough for Node to find a rejection that nobody has handled, and to send a warning. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn();
}

/** Everything that happens during the test goes into the returned array, and to nobody else. */
function replaceListeners(event: 'unhandledRejection' | 'warning'): unknown[] {
  const happened: unknown[] = [];
  const others = process.rawListeners(event);
  process.removeAllListeners(event);
  process.on(event, (what: unknown) => happened.push(what));
  onTestFinished(() => {
    process.removeAllListeners(event);
    for (const other of others) Reflect.apply(process.on, process, [event, other]);
  });
  return happened;
}
