import { uptime } from 'node:os';
import { afterEach, expect, test, vi } from 'vitest';
import type { Clock } from '../../src/system/clock.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a process that is stopped while it sets up its clock is not late forever', async () => {
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

test('a process that sets up its clock under fake timers shares none, and still knows when the machine was started', async () => {
  expect((await newClock()).isShared).toBe(true);
  vi.useFakeTimers();
  const clock = await newClock();
  vi.useRealTimers();

  // Otherwise its heartbeats would look as old as the machine to all others.
  expect(clock.isShared).toBe(false);
  expect(clock.sinceBoot?.()).toBeGreaterThan(uptime() * 1000 - 1000);
});

test('a process whose wall clock was set meanwhile agrees with one that has just started', async () => {
  const stepped = await newClock();
  const readWallClock = Date.now;
  const behind: number[] = [];
  for (let round = 0; round < 9; round++) {
    const fresh = await newClock();
    expect(stepped).not.toBe(fresh);
    const step = vi.spyOn(Date, 'now').mockImplementation(() => readWallClock() + 5);
    stepped.now();
    step.mockRestore();
    stepped.now();
    const first = fresh.now();
    behind.push(first - stepped.now());
    stopFor(3.3);
  }
  // Otherwise it would hand out smaller fencing tokens than another process that acquired and released right before. The median, because a
  // process that has to wait for a processor while it reads both clocks cannot do better.
  expect(behind.toSorted((one, other) => one - other)[4]).toBeLessThan(0.1);
});

async function newClock(): Promise<Clock> {
  vi.resetModules();
  return (await import('../../src/system/clock.js')).systemClock;
}

function stopFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
