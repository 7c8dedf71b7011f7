import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunEnd } from '../../../src/cli/run/exit-status.js';
import { Signals } from '../../../src/cli/run/processes/pass-signals.js';
import { isRepeatable, pauseAtRandom, pauseBeforeRetry, renew } from '../../../src/cli/run/retry.js';
import { acquire, breakLock, ErrLockStore, type Lock, type Store, systemClock } from '../../../src/index.js';
import { memoryStore } from '../../../src/testing/index.js';
import { MINUTE, SECOND } from '../../../support/world.js';
import { messages, someOptions, terminals } from './stage.js';

let store: Store;
let lock: Lock;
let signals: Signals;
let said: string[];

beforeEach(async () => {
  store = memoryStore();
  lock = await acquire('nightly', { store, heartbeatMinimalInterval: 0 });
  signals = new Signals(false);
  said = messages();
});

afterEach(async () => {
  vi.restoreAllMocks();
  signals.stopListening();
  await lock.release().catch(() => {});
});

/** Time passes only by sleeping. Returns how long each sleep was. */
function passingTime(onSleep: () => Promise<void> = async () => {}): number[] {
  let now = systemClock.monotonic();
  const sleeps: number[] = [];
  vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
  vi.spyOn(systemClock, 'sleep').mockImplementation(async (duration) => {
    sleeps.push(duration);
    now += duration;
    await onSleep();
  });
  return sleeps;
}

const SOCKET = { name: 'x', descriptor: 2, inode: 0n, close: () => {}, renew: async () => {} };

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

async function lose(): Promise<void> {
  await breakLock('nightly', { store, force: true });
  await lock.heartBeat().catch(() => {});
}

describe('a command may run again', () => {
  it.each<[boolean, RunEnd]>([
    [true, { outcome: 'failed', signal: null }],
    [true, { outcome: 'ended-by-signal', signal: 'SIGKILL' }],
    [true, { outcome: 'stalled', signal: 'SIGTERM' }],
    [true, { outcome: 'timed-out', signal: 'SIGTERM' }],
    [true, { outcome: 'failed', signal: null, isOutputLost: false }],
    [false, { outcome: 'failed', signal: null, isOutputLost: true }],
    [false, { outcome: 'succeeded', signal: null }],
    [false, { outcome: 'lost', signal: null }],
    [false, { outcome: 'not-started', signal: null }],
  ])('(%s) after %j', (is, end) => {
    expect(isRepeatable(end, { lock, signals })).toBe(is);
    expect(isRepeatable(end, { lock: null, signals })).toBe(is);
  });

  it('unless somebody wants it to stop, or has its lock', async () => {
    const end = { outcome: 'failed', signal: null } as const;
    signals.received = 'SIGTERM';
    expect(isRepeatable(end, { lock, signals })).toBe(false);
    signals.received = null;
    void lock.signal;
    await lose();
    expect(isRepeatable(end, { lock, signals })).toBe(false);
  });
});

describe('the pause before a retry', () => {
  const pause = (changes = {}, held: Lock | null = lock, inheritedSocket: typeof SOCKET | null = null) =>
    pauseBeforeRetry({
      lock: held,
      inheritedSocket,
      commandSign: { end: async () => {} },
      signals,
      options: someOptions({ retryDelay: MINUTE, ...changes }),
    });

  it.each([
    [0, 60],
    [0.5, 67.5],
    [0.999, 75],
  ])('with a random number of %d takes %d seconds', async (random, seconds) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const sleeps = passingTime();
    await pause();
    expect(Math.abs(sum(sleeps) - seconds * SECOND)).toBeLessThan(100);
  });

  it('keeps the lock by heartbeats, and names no workers in it', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await lock.setWorkers([process.pid]);
    const sleeps = passingTime();
    const beat = vi.spyOn(lock, 'heartBeat');
    await pause({ heartbeatInterval: 25 * SECOND });
    expect(sleeps).toEqual([25 * SECOND, 25 * SECOND, 10 * SECOND]);
    expect(beat).toHaveBeenCalledTimes(3);
    expect((await store.read('nightly'))?.record?.workers).toEqual([]);
    expect(said).toEqual([]);
  });

  it('names this process as soon as it has another socket, so that nothing else keeps the lock', async () => {
    passingTime();
    const steps: string[] = [];
    vi.spyOn(lock, 'setWorkers').mockImplementation(async (workers) => {
      steps.push(`names ${workers}`);
    });
    await pause({}, lock, {
      ...SOCKET,
      renew: async () => {
        steps.push('renews');
      },
    });
    expect(steps).toEqual(['renews', `names ${process.pid}`]);
  });

  it('goes on while there can be no other socket, and no longer names what has ended', async () => {
    const sleeps = passingTime();
    const setWorkers = vi.spyOn(lock, 'setWorkers').mockResolvedValue();
    await pause({}, lock, { ...SOCKET, renew: () => Promise.reject(new Error('No descriptor is left.')) });
    expect(sum(sleeps)).toBeGreaterThanOrEqual(MINUTE);
    expect(setWorkers).toHaveBeenCalledWith([process.pid]);
    // It is tried again afterwards.
    expect(said).toEqual([]);
  });

  it('leaves the lock to nobody if this process exits', async () => {
    const before = process.listeners('exit');
    const workers = async () => (await store.read('nightly'))?.record?.workers;
    passingTime(async () => {
      expect(await workers()).toMatchObject([{ pid: process.pid }]);
      const [exit] = process.listeners('exit').filter((listener) => !before.includes(listener));
      if (exit !== undefined) Reflect.apply(exit, process, [1]);
      expect(await workers()).toEqual([]);
    });
    await pause({}, lock, SOCKET);
    expect(process.listeners('exit')).toEqual(before);
  });

  it('goes on while the store is away', async () => {
    vi.spyOn(lock, 'heartBeat').mockRejectedValue(new Error('The database is away.'));
    const sleeps = passingTime();
    await pause({ heartbeatInterval: 30 * SECOND });
    expect(sleeps.length).toBeGreaterThan(1);
    expect(said[0]).toContain('The database is away.');
  });

  it('ends when the lock is lost', async () => {
    const sleeps = passingTime(lose);
    await pause({ heartbeatInterval: SECOND });
    expect(sleeps).toEqual([SECOND]);
    expect(said).toEqual([]);
  });

  it('is ended at once by a signal', async () => {
    const pausing = pause();
    process.listeners('SIGTERM').at(-1)?.('SIGTERM');
    await pausing;
    expect(signals.received).toBe('SIGTERM');
  });

  it('needs no lock', async () => {
    const sleeps = passingTime();
    await pause({}, null);
    expect(sum(sleeps)).toBeGreaterThanOrEqual(MINUTE);
  });

  it('may be none', async () => {
    const sleeps = passingTime();
    await pause({ retryDelay: 0 });
    expect(sleeps).toEqual([]);
  });
});

describe('before a command is started again', () => {
  it('the lock names this process, which has another socket', async () => {
    const inheritedSocket = { name: 'x', descriptor: 2, inode: 0n, close: () => {}, renew: vi.fn() };
    const commandSign = { end: vi.fn() };
    await renew({ lock, inheritedSocket, commandSign, options: someOptions() });
    expect(inheritedSocket.renew).toHaveBeenCalledTimes(1);
    expect(commandSign.end).toHaveBeenCalledTimes(1);
    expect((await store.read('nightly'))?.record?.workers).toMatchObject([{ pid: process.pid }]);
  });

  it('the lock is written to again if that has failed', async () => {
    const sleeps = passingTime();
    const error = new ErrLockStore('nightly', 'ENOSPC', 'no space.');
    vi.spyOn(lock, 'setWorkers').mockRejectedValueOnce(error).mockRejectedValueOnce(error);
    await renew({ lock, inheritedSocket: SOCKET, commandSign: { end: vi.fn() }, options: someOptions() });
    expect((await store.read('nightly'))?.record?.workers).toMatchObject([{ pid: process.pid }]);
    expect(sleeps).toHaveLength(2);
    expect(said).toEqual([expect.stringContaining('no space.')]);
  });

  it('the lock is not written to for ever', async () => {
    passingTime();
    messages();
    const error = new ErrLockStore('nightly', 'ENOSPC', 'no space.');
    const setWorkers = vi.spyOn(lock, 'setWorkers').mockRejectedValue(error);
    const renewal = renew({
      lock,
      inheritedSocket: SOCKET,
      commandSign: { end: vi.fn() },
      options: someOptions(),
    });
    await expect(renewal).rejects.toBe(error);
    expect(setWorkers).toHaveBeenCalledTimes(10);
  });

  it('the lock names nothing without a socket: the command waits until it does', async () => {
    await renew({ lock, inheritedSocket: null, commandSign: { end: vi.fn() }, options: someOptions() });
    expect((await store.read('nightly'))?.record?.workers).toEqual([]);
  });
});

describe('jitter', () => {
  it('is a random part of the time, about which only a terminal hears', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const sleeps = passingTime();
    terminals();
    await pauseAtRandom({ jitter: 2 * MINUTE, quiet: false }, signals);
    expect(said).toEqual([]);
    terminals(2);
    await pauseAtRandom({ jitter: 2 * MINUTE, quiet: true }, signals);
    expect(said).toEqual([]);
    await pauseAtRandom({ jitter: 2 * MINUTE, quiet: false }, signals);
    expect(said).toEqual([expect.stringContaining('Starting in 1 minute (--jitter)')]);
    expect(sleeps).toEqual([MINUTE, MINUTE, MINUTE]);
  });

  it('is no pause by default', async () => {
    const sleeps = passingTime();
    await pauseAtRandom({ jitter: 0, quiet: false }, signals);
    expect(sleeps).toEqual([]);
  });

  it('is ended by a signal', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await pauseAtRandom({ jitter: 2 * MINUTE, quiet: false }, { aborted: AbortSignal.abort() });
  });
});
