import { beforeEach, describe, expect, it } from 'vitest';
import { HeartbeatThrottle } from '../../../src/core/held/heartbeat-throttle.js';
import { type AcquireOptions, acquire, ErrLockBusy, type Lock, type Store } from '../../../src/index.js';
import { FakeClock, FakeProcessTable, memoryStore } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND } from '../../../support/world.js';

const NAME = 'nightly';

describe('a heartbeat within the minimal interval', () => {
  let clock: FakeClock;
  let processes: FakeProcessTable;
  let locks: Store;
  let start: number;
  /** What comes between the holder and its store. */
  let onBeat: (beat: () => ReturnType<Store['beat']>) => ReturnType<Store['beat']>;
  let beats: number;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    locks = memoryStore({ clock, processes });
    start = clock.monotonic();
    onBeat = (beat) => beat();
    beats = 0;
  });

  function acquireBy(store: Store, options: AcquireOptions): Promise<Lock> {
    const dependencies = { clock, processes: processes.as(processes.start()) };
    return acquire(NAME, { ...options, store, dependencies });
  }

  function hold(options: AcquireOptions): Promise<Lock> {
    const store: Store = {
      resolve: (name) => name,
      read: (name) => locks.read(name),
      claim: (...claim) => locks.claim(...claim),
      remove: (...removal) => locks.remove(...removal),
      beat: (...beat) => {
        beats++;
        return onBeat(() => locks.beat(...beat));
      },
    };
    return acquireBy(store, options);
  }

  const until = (time: number) => clock.advance(start + time - clock.monotonic());
  const contend = (staleTimeout: number) => acquireBy(locks, { staleTimeout });
  const progress = async () => (await locks.read(NAME))?.record?.progress?.ratio;

  it('is waited for no longer than the lock is held, so that a process with many locks does not keep them all', async () => {
    const sleeping = new Set<Promise<void>>();
    const { sleep } = clock;
    clock.sleep = (...args) => {
      const slept = sleep.apply(clock, args).finally(() => sleeping.delete(slept));
      sleeping.add(slept);
      return slept;
    };
    const lock = await hold({ staleTimeout: HOUR, heartbeatMinimalInterval: 30 * MINUTE });
    const others = sleeping.size;
    await lock.heartBeat();
    expect(sleeping.size).toBe(others + 1);
    await lock.release();
    await new Promise(setImmediate);
    expect(sleeping.size).toBe(0);
    expect(beats).toBe(0);
  });

  it.each([
    { staleTimeout: 0.8 * SECOND, calls: [320, 1080], end: 1560 },
    { staleTimeout: 4 * SECOND, heartbeatMinimalInterval: 3900, calls: [3000, 7000], end: 7650 },
    {
      staleTimeout: 3610 * SECOND,
      heartbeatMinimalInterval: 3609 * SECOND,
      calls: [3_606_000],
      end: 3_610_500,
    },
    { staleTimeout: 0.3 * SECOND, calls: [350, 480], end: 655 },
  ])('keeps the lock until the stale timeout after it: $calls', async ({ calls, end, ...options }) => {
    const lock = await hold(options);
    for (const time of calls) {
      await until(time);
      await lock.heartBeat();
    }
    await until(end);
    await expect(contend(options.staleTimeout)).rejects.toBeInstanceOf(ErrLockBusy);
    await until((calls.at(-1) ?? 0) + 2 * options.staleTimeout);
    await contend(options.staleTimeout);
  });

  it('counts also if it came while another one was being written', async () => {
    onBeat = async (beat) => {
      const outcome = await beat();
      await clock.sleep(5 * SECOND);
      return outcome;
    };
    const lock = await hold({ staleTimeout: 2 * MINUTE });
    await until(60 * SECOND);
    const one = lock.heartBeat();
    await until(64.9 * SECOND);
    const two = lock.heartBeat();
    await until(66 * SECOND);
    await Promise.all([one, two]);
    await until(180.5 * SECOND);
    await expect(contend(2 * MINUTE)).rejects.toBeInstanceOf(ErrLockBusy);
  });

  it('counts although a later one cannot be written', async () => {
    const lock = await hold({ staleTimeout: HOUR });
    await until(59 * SECOND);
    await lock.heartBeat();
    await until(121 * SECOND);
    onBeat = () => Promise.reject(new Error('EIO'));
    await expect(lock.heartBeat()).rejects.toThrow('EIO');
    await until(HOUR + 59 * SECOND);
    await expect(contend(HOUR)).rejects.toBeInstanceOf(ErrLockBusy);
  });

  it('is written once, even if the answer to that is lost', async () => {
    onBeat = async (beat) => {
      await beat();
      throw new Error('The answer is lost.');
    };
    const lock = await hold({ staleTimeout: HOUR });
    await until(30 * SECOND);
    await lock.heartBeat();
    await until(10 * HOUR);
    expect(beats).toBe(1);
    await contend(HOUR);
  });

  it('does not revive a lock that has been stale meanwhile', async () => {
    const lock = await hold({ staleTimeout: 3 * SECOND });
    await until(SECOND);
    await lock.heartBeat();
    clock.sleep = (
      (sleep) =>
      async (...args: Parameters<FakeClock['sleep']>) => {
        await sleep.apply(clock, args);
        // This process was stopped, and goes on only now.
        await sleep.call(clock, 10 * SECOND, { ref: false });
      }
    )(clock.sleep);
    await until(20 * SECOND);
    await contend(3 * SECOND);
  });

  it('is not written after the release', async () => {
    const lock = await hold({ staleTimeout: HOUR });
    await lock.heartBeat();
    await lock.release();
    await until(HOUR);
    expect(beats).toBe(0);
  });

  it('never makes progress go backwards', async () => {
    const lock = await hold({ staleTimeout: HOUR });
    onBeat = async (beat) => {
      await clock.sleep(3 * SECOND);
      return beat();
    };
    await until(30 * SECOND);
    await lock.heartBeat({ progress: 0.1 });
    await until(61 * SECOND);
    onBeat = (beat) => beat();
    const later = lock.heartBeat({ progress: 0.9 });
    await until(64 * SECOND);
    await later;
    await until(5 * MINUTE);
    expect(await progress()).toBe(0.9);
  });

  it('does not cost the lock if the store lets its write hang', async () => {
    const lock = await hold({ staleTimeout: HOUR });
    onBeat = async () => {
      await clock.sleep(20 * SECOND);
      throw new Error('statement timeout');
    };
    await until(30 * SECOND);
    await lock.heartBeat();
    await until(HOUR + 10 * SECOND);
    expect(lock.signal.aborted).toBe(false);
  });

  it('does not keep a call that names workers from its turn', async () => {
    onBeat = async (beat) => {
      await clock.sleep(10);
      return beat();
    };
    const lock = await hold({ staleTimeout: HOUR, heartbeatMinimalInterval: 5 });
    let isNamed = false;
    const work = async () => {
      while (!isNamed && clock.monotonic() < start + MINUTE) {
        void lock.heartBeat();
        await clock.sleep(2);
      }
    };
    const working = work();
    await clock.advance(20);
    const naming = lock.setWorkers([]).then(() => {
      isNamed = true;
    });
    await clock.advance(SECOND);
    expect(isNamed).toBe(true);
    await Promise.all([working, naming]);
  });

  it.each([57, 59])(
    'counts if it came before or while another write hung, which failed, at %d s',
    async (time) => {
      const lock = await hold({ staleTimeout: 2 * MINUTE });
      await until(57 * SECOND);
      if (time === 57) await lock.heartBeat();
      await until(58 * SECOND);
      onBeat = async () => {
        await clock.sleep(5 * SECOND);
        throw new Error('EIO');
      };
      const named = lock.setWorkers([]).catch(() => {});
      await until(59 * SECOND);
      if (time === 59) await lock.heartBeat();
      onBeat = (beat) => beat();
      await until(121 * SECOND);
      await named;
      await expect(contend(2 * MINUTE)).rejects.toBeInstanceOf(ErrLockBusy);
    },
  );

  it('is written at once if the last one was sent by a clock that was ahead, as in a test that has ended', async () => {
    const lock = await hold({ staleTimeout: HOUR, heartbeatMinimalInterval: MINUTE });
    const now = clock.monotonic();
    clock.monotonic = () => now - SECOND;
    await lock.heartBeat({ progress: 0.5 });
    expect(await progress()).toBe(0.5);
    await lock.heartBeat({ progress: 0.6 });
    expect(beats).toBe(1);
  });

  it('that comes at the same moment as one that was written is not forgotten', async () => {
    const lock = await hold({ staleTimeout: HOUR });
    await until(MINUTE);
    await lock.heartBeat({ progress: 0.1 });
    await lock.heartBeat({ progress: 0.9 });
    await until(3 * MINUTE);
    expect(await progress()).toBe(0.9);
  });
});

describe('a throttle', () => {
  let clock: FakeClock;
  let start: number;
  let confirmedAt: number | null;
  let writes: number[];

  beforeEach(() => {
    clock = new FakeClock();
    start = clock.monotonic();
    confirmedAt = start;
    writes = [];
  });

  function throttle(heartbeatMinimalInterval = 60, staleTimeout = 1000): HeartbeatThrottle {
    return new HeartbeatThrottle(
      { clock, heartbeatMinimalInterval, staleTimeout },
      { confirmedAt: () => confirmedAt, write: () => writes.push(clock.monotonic() - start) },
    );
  }

  it.each([
    [60, 1000, 60],
    [1000, 100, 90],
  ])('with an interval of %d and a stale timeout of %d is over after %d', async (interval, timeout, end) => {
    const some = throttle(interval, timeout);
    await clock.advance(end - 1);
    expect(some.isEarly(start)).toBe(true);
    await clock.advance(1);
    expect(some.isEarly(start)).toBe(false);
  });

  it('writes once what was remembered, when the interval is over, by one timer that keeps no process alive', async () => {
    const refs: unknown[] = [];
    const { sleep } = clock;
    clock.sleep = (milliseconds, options) => {
      refs.push(options?.ref);
      return sleep.call(clock, milliseconds, options);
    };
    const some = throttle();
    some.remember();
    some.remember();
    expect(refs).toEqual([false]);
    await clock.advance(59);
    expect(writes).toEqual([]);
    await clock.advance(1);
    expect(writes).toEqual([60]);
    await clock.advance(1000);
    expect(writes).toEqual([60]);
  });

  it('waits again if another heartbeat was confirmed meanwhile', async () => {
    throttle().remember();
    await clock.advance(30);
    confirmedAt = clock.monotonic();
    await clock.advance(59);
    expect(writes).toEqual([]);
    await clock.advance(1);
    expect(writes).toEqual([90]);
  });

  it('writes nothing when the lease is over, or when nothing is left to be written', async () => {
    throttle().remember();
    const sent = throttle();
    sent.remember();
    sent.sent(false);
    const ended = throttle();
    ended.remember();
    ended.end();
    confirmedAt = null;
    await clock.advance(1000);
    expect(writes).toEqual([]);
    expect(clock.sleeping).toBe(0);
  });

  it('writes nothing at the stale timeout, when a job that has hung would revive its lock', async () => {
    const some = throttle(60, 100);
    await clock.advance(100);
    some.remember();
    await clock.advance(1000);
    expect(writes).toEqual([]);
  });

  it('repeats only what was remembered before a write that has failed, and not a second time', async () => {
    const some = throttle();
    some.failed();
    some.sent(false);
    some.failed();
    await clock.advance(60);
    expect(writes).toEqual([]);
    some.remember();
    some.sent(false);
    some.failed();
    await clock.advance(0);
    expect(writes).toEqual([60]);
    some.sent(true);
    some.failed();
    await clock.advance(100);
    expect(writes).toEqual([60]);
  });

  it('forgets what a write that has succeeded stands for', async () => {
    const some = throttle();
    some.remember();
    some.sent(false);
    some.succeeded();
    some.failed();
    await clock.advance(100);
    expect(writes).toEqual([]);
  });
});
