import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import { isBun, isDeno } from './runtime.js';

/** Where time comes from. Inject another clock to make tests deterministic. */
export interface Clock {
  /** The wall clock: milliseconds since 1970-01-01 UTC, fractions included. */
  now(): number;
  /** Milliseconds on a clock that nobody can set. */
  monotonic(): number;
  /**
   * Whether all processes of one boot share the clock that `monotonic` reads. If not, the age of other processes' heartbeats is measured by the wall
   * clock.
   *
   * Default: `true`. The system's clock is not shared in Bun and Deno, nor if the library was loaded while fake timers were on.
   */
  readonly isShared?: boolean | undefined;
  /**
   * Milliseconds since the machine was started, including the time it was suspended. May be too high, but not too low: anything older belongs
   * to an earlier boot. Default: what `monotonic` returns.
   */
  sinceBoot?(): number;
  /**
   * Resolves after that many milliseconds; rejects with the signal's reason when it aborts.
   * With `ref: false` the sleep does not keep the process alive.
   */
  sleep(milliseconds: number, options?: SleepOptions): Promise<void>;
}

/** How to sleep. */
export interface SleepOptions {
  /** Ends the sleep. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the sleep keeps the process alive. Default: `true`. */
  readonly ref?: boolean | undefined;
}

/** What the clock's `monotonic` returns; `null` if it means nothing to other processes. */
export function sharedTime(clock: Clock): number | null {
  return clock.isShared === false ? null : clock.monotonic();
}

/** With more milliseconds than this, `setTimeout` fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Two clocks read within this many milliseconds count as read at the same time; and how many attempts are made at that. */
const CLOSE_READINGS = 0.02;
const MOST_READINGS = 10;

/**
 * `performance.now()` and `hrtime` read the same kernel clock (`CLOCK_MONOTONIC` on Linux). The first counts from the start of
 * the process, the second from the start of the machine. The sum costs half as much as `hrtime`.
 */
let bootOffset = measureBootOffset();

/**
 * In Bun and Deno `hrtime` counts from the start of the process. Fake timers, such as those of Jest and vitest, replace it with one that counts
 * from when they were turned on; but a machine starts before its processes.
 */
const isBootTimeKnown = !isBun && !isDeno && bootOffset > 0;

/** Added to `performance.now()`, gives the wall clock in microseconds, until the wall clock is set. */
let wallOffset = performance.timeOrigin;

/** What starts Node to build a startup snapshot, alone or within an executable. Node takes an underscore for a hyphen. */
const SNAPSHOT_OPTIONS = /^--(?:build[-_]snapshot|build[-_]sea|experimental[-_]sea[-_]config)/;
if (process.execArgv.some((option) => SNAPSHOT_OPTIONS.test(option))) {
  const { startupSnapshot } = process.getBuiltinModule('node:v8');
  // The program goes on in other processes, days later: their heartbeats would look that old to all others.
  if (startupSnapshot.isBuildingSnapshot()) {
    startupSnapshot.addDeserializeCallback(() => {
      bootOffset = measureBootOffset();
      wallOffset = performance.timeOrigin;
    });
  }
}

/** The sum may be this many milliseconds behind `Date.now()`, which is never late. */
const WALL_TOLERANCE = 0.1;
/** How often to read a wall clock that does not advance, as in a test that replaced it. */
const MOST_READS = 20_000;

/** The system's clocks. */
export const systemClock: Clock = {
  isShared: isBootTimeKnown,

  now() {
    const coarse = Date.now();
    const fine = wallOffset + performance.now();
    if (fine >= coarse - WALL_TOLERANCE && fine < coarse + 2) return fine;
    wallOffset = measureWallOffset();
    return wallOffset + performance.now();
  },

  monotonic() {
    return bootOffset + performance.now();
  },

  sinceBoot() {
    // In a container /proc/uptime, which `uptime` reads, may be the container's own (lxcfs).
    return Math.max(uptime() * 1000, bootOffset + performance.now());
  },

  async sleep(milliseconds, options = {}) {
    for (let left = milliseconds; ; left -= LONGEST_TIMER) {
      await timer(Math.min(left, LONGEST_TIMER), options);
      if (left <= LONGEST_TIMER) return;
    }
  },
};

/**
 * Milliseconds on the one clock that all processes of a machine share and nobody can set, read exactly: two
 * processes can tell from it which of them was first, without sharing a file. (`systemClock.monotonic()` is faster, but
 * differs by some microseconds between processes.) Without such a clock, the wall clock takes its place.
 */
export function commonTime(): number {
  return isBootTimeKnown ? bootTime() : systemClock.now();
}

/** Milliseconds since the machine was started, without those that it was suspended. In Bun and Deno, since the process was started. */
export function bootTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function measureBootOffset(): number {
  return closestOf(0, () => {
    const before = performance.now();
    const sinceBoot = bootTime();
    return { offset: sinceBoot - before, gap: performance.now() - before };
  });
}

/**
 * `Date.now()` only tells the current millisecond, so it is read repeatedly until the next one begins. Otherwise a
 * process could be late by up to a millisecond after its first suspend. Acquire and release take less than that, so it would hand
 * out smaller fencing tokens than other processes did before it.
 */
function measureWallOffset(): number {
  return closestOf(Date.now() - performance.now(), () => {
    let before = performance.now();
    const current = Date.now();
    let between = performance.now();
    for (let reads = 0; reads < MOST_READS; reads++) {
      const next = Date.now();
      const after = performance.now();
      // The millisecond began after `before`, because `current` was read later. If it advanced by more than one, the clock was just set.
      if (next === current + 1) return { offset: next - between, gap: after - before };
      if (next !== current) return { offset: next - between, gap: Number.POSITIVE_INFINITY };
      before = between;
      between = after;
    }
    return null;
  });
}

/** What a clock is ahead of `performance.now()`, and how long it took to read both, in milliseconds. */
interface Reading {
  readonly offset: number;
  readonly gap: number;
}

/**
 * A process that is stopped between reading the two clocks would disagree with all others for as long as it lives:
 * its heartbeats would look old to them, or theirs to it, and a healthy holder could be robbed. So the closest readings count.
 *
 * @param otherwise The offset if there are no readings.
 * @param read Returns `null` if there will be none.
 */
function closestOf(otherwise: number, read: () => Reading | null): number {
  let closest: Reading = { offset: otherwise, gap: Number.POSITIVE_INFINITY };
  for (let tries = 0; tries < MOST_READINGS && closest.gap > CLOSE_READINGS; tries++) {
    const reading = read();
    if (reading === null) break;
    if (reading.gap < closest.gap) closest = reading;
  }
  return closest.offset;
}

/** Not from `node:timers/promises`, which creates an error for each aborted sleep: a tenth of an acquire. */
function timer(milliseconds: number, { signal, ref = true }: SleepOptions): Promise<void> {
  return unlessAborted(signal, (wake) => setTimer(milliseconds, wake, ref));
}

/** Returns what stops it. */
function setTimer(milliseconds: number, callback: () => void, ref: boolean): () => void {
  const timeout = setTimeout(callback, milliseconds);
  // The timers of a simulated page are numbers.
  if (!ref) timeout.unref?.();
  return () => clearTimeout(timeout);
}

/**
 * Falls asleep. Resolves when the sleeper is woken up; rejects with the signal's reason when that aborts first.
 *
 * @param fallAsleep Returns what ends the sleep.
 */
export function unlessAborted(
  signal: AbortSignal | undefined,
  fallAsleep: (wake: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const end = fallAsleep(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    });
    const giveUp = () => {
      end();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/**
 * Calls back after that many milliseconds, unless it is stopped before by what is returned. For an operation that takes a fraction of a millisecond,
 * the signal that `sleep` needs for this would be a tenth of it.
 *
 * @param ref Whether it keeps the process alive.
 * @param failed Called if the clock fails. Default: `callback`, because nobody else would ever end what waits for it.
 */
export function startTimer(
  clock: Clock,
  milliseconds: number,
  callback: () => void,
  ref = true,
  failed = callback,
): () => void {
  if (clock === systemClock && milliseconds <= LONGEST_TIMER) return setTimer(milliseconds, callback, ref);
  const stopped = new AbortController();
  const { signal } = stopped;
  clock.sleep(milliseconds, { signal, ref }).then(callback, () => signal.aborted || failed());
  return () => stopped.abort();
}
