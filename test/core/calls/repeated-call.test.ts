import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, expect, it, vi } from 'vitest';
import { callEvery } from '../../../src/core/calls/repeated-call.js';
import { systemClock } from '../../../src/system/clock.js';

/** Milliseconds. */
const PERIOD = 20;

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['has stopped', true],
  ['never stops', false],
])('is called on real timers after a caller on fake ones, which %s', async (_how, stops) => {
  // The clock goes on, so that the time does not tell the two apart.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const stop = callEvery(PERIOD, systemClock, () => {});
  if (stops) stop();
  vi.useRealTimers();

  await new Promise<void>((resolve) => {
    const stopAgain = callEvery(PERIOD, systemClock, () => {
      stopAgain();
      resolve();
    });
  });
});

it('is called on fake timers that were cleared after another caller had stopped', async () => {
  vi.useFakeTimers();
  callEvery(PERIOD, systemClock, () => {})();
  vi.clearAllTimers();

  const call = vi.fn();
  const stop = callEvery(PERIOD, systemClock, call);
  await vi.advanceTimersByTimeAsync(PERIOD);
  stop();
  expect(call).toHaveBeenCalledOnce();
});

it('leaves no fake timer behind', async () => {
  vi.useFakeTimers();
  callEvery(PERIOD, systemClock, () => {})();
  expect(vi.getTimerCount()).toBe(0);
});

it('goes on for callers on real timers while there are callers on fake ones', async () => {
  let stop = () => {};
  const called = new Promise<void>((resolve) => {
    stop = callEvery(PERIOD, systemClock, resolve);
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  callEvery(PERIOD, systemClock, () => {})();
  vi.useRealTimers();
  await called;
  stop();
});

it('is called in the context of its own caller, although all share a timer', async () => {
  vi.useFakeTimers();
  const tenant = new AsyncLocalStorage<string>();
  const contexts: (string | undefined)[] = [];
  const stops = ['A', 'B'].map((name) =>
    tenant.run(name, () => callEvery(PERIOD, systemClock, () => contexts.push(tenant.getStore()))),
  );
  await vi.advanceTimersByTimeAsync(PERIOD);
  for (const stop of stops) stop();
  expect(contexts).toEqual(['A', 'B']);
});

it('is called although another caller fails, which is called again, too', async () => {
  vi.useFakeTimers();
  const failing = vi.fn(() => {
    throw new Error('the clock has failed');
  });
  const call = vi.fn();
  const stops = [failing, call].map((each) => callEvery(PERIOD, systemClock, each));
  await vi.advanceTimersByTimeAsync(2 * PERIOD);
  for (const stop of stops) stop();
  expect(failing).toHaveBeenCalledTimes(2);
  expect(call).toHaveBeenCalledTimes(2);
});
