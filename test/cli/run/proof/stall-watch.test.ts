import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StallWatch } from '../../../../src/cli/run/proof/stall-watch.js';
import { acquire, ErrLockLost, type Lock, systemClock } from '../../../../src/index.js';
import { memoryStore } from '../../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND } from '../../../../support/world.js';
import { messages } from '../stage.js';

/** How often it checks, with such a stale timeout and interval. */
const PERIOD = SECOND;

describe('a watch for proofs', () => {
  let now: number;
  let lock: Lock;
  let stalls: number[];
  let watch: StallWatch | undefined;

  beforeEach(async () => {
    lock = await acquire('nightly', { store: memoryStore() });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    now = 0;
    vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
    stalls = [];
  });

  afterEach(async () => {
    watch?.stop();
    vi.useRealTimers();
    vi.restoreAllMocks();
    await lock.release();
  });

  function watchWith(check: () => number): StallWatch {
    const onStall = (silence: number) => void stalls.push(silence);
    watch = new StallWatch({ lock, staleTimeout: MINUTE, heartbeatInterval: MINUTE / 2, check, onStall });
    return watch;
  }

  async function pass(milliseconds: number): Promise<void> {
    now += milliseconds;
    await vi.advanceTimersByTimeAsync(PERIOD);
  }

  it('sends one heartbeat for each proof', async () => {
    const beat = vi.spyOn(lock, 'heartBeat');
    watchWith(() => 0).prove();
    await pass(PERIOD);
    expect(beat).toHaveBeenCalledTimes(1);
  });

  it('sends a heartbeat at each check while the command is being ended, and reports no stall then', async () => {
    const beat = vi.spyOn(lock, 'heartBeat');
    watchWith(() => MINUTE + 1).keepForTheEnd();
    await pass(PERIOD);
    await pass(PERIOD);
    expect(beat).toHaveBeenCalledTimes(3);
    expect(stalls).toEqual([]);
  });

  it('does not report a stall at a late check, because this process was paused itself', async () => {
    watchWith(() => MINUTE + 1);
    await pass(PERIOD + SECOND + 1);
    expect(stalls).toEqual([]);
    await pass(PERIOD + SECOND);
    expect(stalls).toEqual([MINUTE + 1]);
    await pass(PERIOD);
    expect(stalls).toHaveLength(1);
  });

  it('notices a stall beyond the stale timeout, and another one after a proof', async () => {
    let silence = MINUTE;
    const watching = watchWith(() => silence);
    await pass(PERIOD);
    expect(stalls).toEqual([]);
    silence = MINUTE + 1;
    await pass(PERIOD);
    watching.prove();
    await pass(PERIOD);
    expect(stalls).toEqual([MINUTE + 1, MINUTE + 1]);
  });

  it('notices no second stall once it is over, until the next one', async () => {
    let silence = MINUTE + 1;
    watchWith(() => silence);
    await pass(PERIOD);
    silence = MINUTE;
    await pass(PERIOD);
    silence = MINUTE + 2;
    await pass(PERIOD);
    expect(stalls).toEqual([MINUTE + 1, MINUTE + 2]);
  });

  it('tells how long ago the last proof was', () => {
    const watching = watchWith(() => 0);
    now = 7;
    expect(watching.silence).toBe(7);
    watching.prove();
    expect(watching.silence).toBe(0);
  });

  it.each([
    { staleTimeout: HOUR, heartbeatInterval: HOUR / 2, period: SECOND },
    { staleTimeout: 4 * SECOND, heartbeatInterval: 2 * SECOND, period: SECOND / 2 },
    { staleTimeout: HOUR, heartbeatInterval: SECOND, period: SECOND / 2 },
    { staleTimeout: 8, heartbeatInterval: 4, period: 20 },
  ])('checks as often as the timeouts require, every $period ms', async ({ period, ...times }) => {
    let checks = 0;
    const check = () => {
      checks += 1;
      return 0;
    };
    watch = new StallWatch({ lock, ...times, check, onStall: () => {} });
    await vi.advanceTimersByTimeAsync(period - 1);
    expect(checks).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(checks).toBe(1);
    watch.stop();
    await vi.advanceTimersByTimeAsync(10 * period);
    expect(checks).toBe(1);
  });

  describe('in trouble', () => {
    let said: string[];

    beforeEach(() => {
      said = messages();
    });

    it('says once what is wrong with a check, and goes on', async () => {
      watchWith(() => {
        throw new Error('The file cannot be seen.');
      });
      await pass(PERIOD);
      await pass(PERIOD);
      expect(said).toEqual([expect.stringContaining('The file cannot be seen.')]);
    });

    it('says once what is wrong with a heartbeat, until one succeeds again', async () => {
      const beat = vi.spyOn(lock, 'heartBeat').mockRejectedValue(new Error('The disk is full.'));
      const watching = watchWith(() => 0);
      const prove = async () => {
        watching.prove();
        await vi.advanceTimersByTimeAsync(0);
      };
      await prove();
      await prove();
      expect(said).toHaveLength(1);
      beat.mockResolvedValueOnce();
      await prove();
      await prove();
      expect(said).toEqual(Array(2).fill(expect.stringContaining('The disk is full.')));
    });

    it('leaves it to the lock to tell that it is lost', async () => {
      vi.spyOn(lock, 'heartBeat').mockRejectedValue(new ErrLockLost('nightly', null));
      watchWith(() => 0).prove();
      await vi.advanceTimersByTimeAsync(0);
      expect(said).toEqual([]);
    });

    it('notices a stall of a command that runs without the lock', async () => {
      watch = new StallWatch({
        lock: null,
        staleTimeout: MINUTE,
        heartbeatInterval: MINUTE / 2,
        check: () => MINUTE + 1,
        onStall: (silence) => void stalls.push(silence),
      });
      watch.prove();
      await pass(PERIOD);
      expect(stalls).toEqual([MINUTE + 1]);
      expect(said).toEqual([]);
    });
  });
});
