import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a process that is stopped while it sets up its clock is not late for ever', async () => {
  const readBootClock = process.hrtime.bigint.bind(process.hrtime);
  vi.spyOn(process.hrtime, 'bigint').mockImplementationOnce(() => {
    const time = readBootClock();
    stopFor(50);
    return time;
  });
  vi.resetModules();
  const { systemClock } = await import('../../src/system/clock.js');

  // Otherwise its heartbeats would look older than they are to all others, and it would be robbed while it is healthy.
  const before = Number(readBootClock()) / 1e6;
  const now = systemClock.monotonic();
  const after = Number(readBootClock()) / 1e6;
  expect(now).toBeGreaterThan(before - 1);
  expect(now).toBeLessThan(after + 1);
});

test('a process whose wall clock was set meanwhile agrees with one that has just started', async () => {
  vi.resetModules();
  const { systemClock: fresh } = await import('../../src/system/clock.js');
  vi.resetModules();
  const { systemClock: stepped } = await import('../../src/system/clock.js');
  expect(stepped).not.toBe(fresh);
  const readWallClock = Date.now;
  const behind: number[] = [];
  for (let round = 0; round < 5; round++) {
    const step = vi.spyOn(Date, 'now').mockImplementation(() => readWallClock() + 5);
    stepped.now();
    step.mockRestore();
    stepped.now();
    const first = fresh.now();
    behind.push(first - stepped.now());
    stopFor(3.3);
  }
  // Otherwise it would hand out smaller fencing tokens than another process that acquired and released right before.
  expect(Math.max(...behind)).toBeLessThan(0.1);
});

function stopFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
