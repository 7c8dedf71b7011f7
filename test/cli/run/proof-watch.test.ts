import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProofWatch } from '../../../src/cli/run/proof-watch.js';
import { acquire, type Lock, systemClock } from '../../../src/index.js';
import { memoryStore } from '../../../src/testing/index.js';
import { MINUTE, SECOND } from '../../../support/world.js';

/** How often it checks, with such a stale timeout and interval. */
const PERIOD = SECOND;

describe('a watch for proofs', () => {
  let now: number;
  let lock: Lock;
  let stalls: number[];
  let watch: ProofWatch | undefined;

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

  function watchWith(check: () => number): ProofWatch {
    const onStall = (silence: number) => void stalls.push(silence);
    watch = new ProofWatch({ lock, staleTimeout: MINUTE, heartbeatInterval: MINUTE / 2, check, onStall });
    return watch;
  }

  async function pass(milliseconds: number): Promise<void> {
    now += milliseconds;
    await vi.advanceTimersByTimeAsync(PERIOD);
  }

  it('makes up for a heartbeat that was throttled, once', async () => {
    const beat = vi.spyOn(lock, 'heartBeat');
    watchWith(() => 0).prove();
    expect(beat).toHaveBeenCalledTimes(1);
    await pass(PERIOD);
    expect(beat).toHaveBeenCalledTimes(2);
    await pass(PERIOD);
    expect(beat).toHaveBeenCalledTimes(2);
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
});
