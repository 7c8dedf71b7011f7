import { expect, it, onTestFinished, vi } from 'vitest';
import { confirm } from '../../../src/cli/run/retry.js';
import { acquire, systemClock } from '../../../src/index.js';
import { memoryStore } from '../../../src/testing/index.js';
import { MINUTE } from '../../../support/world.js';

/** A lock that takes so many milliseconds to be written to, each time. */
async function slowLock(durations: readonly number[]) {
  const lock = await acquire('nightly', { store: memoryStore() });
  let now = 0;
  const clock = vi.spyOn(systemClock, 'monotonic').mockImplementation(() => now);
  onTestFinished(() => clock.mockRestore());
  const left = [...durations];
  const setWorkers = vi.spyOn(lock, 'setWorkers').mockImplementation(async () => {
    now += left.shift() ?? 0;
  });
  return { lock, setWorkers };
}

it.each<[readonly number[], number]>([
  [[0], 1],
  [[MINUTE - 1], 1],
  [[MINUTE, 10], 2],
  [[2 * MINUTE, MINUTE, 10], 3],
  [Array.from({ length: 100 }, () => MINUTE), 11],
])('a confirmation that took %j ms is written %i times', async (durations, times) => {
  const { lock, setWorkers } = await slowLock(durations);
  await confirm(lock, [], MINUTE);
  expect(setWorkers).toHaveBeenCalledTimes(times);
});

it('a confirmation may take any time without a stale timeout', async () => {
  const { lock, setWorkers } = await slowLock([60 * MINUTE]);
  await confirm(lock, [], Number.POSITIVE_INFINITY);
  expect(setWorkers).toHaveBeenCalledTimes(1);
});
