import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { inTime, NoAnswer, type Over } from '../../../src/stores/shared/time-limit.js';
import { blockFor } from '../../../src/system/block-for.js';
import { systemClock } from '../../../src/system/clock.js';
import { FakeClock } from '../../../src/testing/index.js';

const LIMIT = 100;

describe('an answer with a time limit', () => {
  it('is returned when it comes, and nothing keeps sleeping', async () => {
    const clock = new FakeClock();
    expect(await inTime(LIMIT, clock, async () => 'answer')).toBe('answer');
    expect(clock.sleeping).toBe(0);
  });

  it('fails with the error of the function', async () => {
    const clock = new FakeClock();
    const error = new Error('made up');
    await expect(inTime(LIMIT, clock, () => Promise.reject(error))).rejects.toBe(error);
    expect(clock.sleeping).toBe(0);
  });

  it('is given up when the time is over, and its signal aborts', async () => {
    const clock = new FakeClock();
    let signal: AbortSignal | undefined;
    let over: Over | undefined;
    const act = (told: Over) => {
      over = told;
      signal = told.signal;
      return new Promise<string>(() => {});
    };
    const given = expect(inTime(LIMIT, clock, act)).rejects.toThrow(NoAnswer);
    await clock.advance(LIMIT - 1);
    expect(signal?.aborted).toBe(false);
    await clock.advance(1);
    await given;
    expect(signal?.aborted).toBe(true);
    expect(() => over?.throwIfOver()).toThrow(NoAnswer);
  });

  it('is given up with a signal for those who ask later, too', async () => {
    const clock = new FakeClock();
    let over: Over | undefined;
    const act = (told: Over) => {
      over = told;
      return new Promise<string>(() => {});
    };
    const given = expect(inTime(LIMIT, clock, act)).rejects.toThrow(NoAnswer);
    await clock.advance(LIMIT);
    await given;
    expect(over?.signal.reason).toBeInstanceOf(NoAnswer);
  });

  it('is given up by the system clock as well, which keeps no timer after an answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    expect(await inTime(LIMIT, systemClock, async () => 'answer')).toBe('answer');
    expect(vi.getTimerCount()).toBe(0);
    const given = expect(inTime(LIMIT, systemClock, () => new Promise(() => {}))).rejects.toThrow(NoAnswer);
    vi.advanceTimersByTime(LIMIT);
    await given;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given up if the clock fails', async () => {
    const clock = { ...systemClock, sleep: () => Promise.reject(new Error('stopped')) };
    await expect(inTime(LIMIT, clock, () => new Promise(() => {}))).rejects.toThrow(NoAnswer);
  });

  it('is read before the time is over, although this process was busy all the time', async () => {
    const act = () => new Promise<string>((resolve) => setTimeout(resolve, 2 * LIMIT, 'answer'));
    const given = inTime(LIMIT, systemClock, act);
    blockFor(3 * LIMIT);
    expect(await given).toBe('answer');
  });
});
