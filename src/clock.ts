import { performance } from 'node:perf_hooks';

/** Where time comes from. Inject another one to make tests deterministic. */
export interface Clock {
  /** The wall clock: milliseconds since 1970-01-01 UTC, fractions included. */
  now(): number;
  /** Milliseconds on a clock that all processes of one boot share and that nobody can set. */
  monotonic(): number;
  /**
   * Resolves after that many milliseconds; rejects with the signal's reason when it aborts.
   * With `ref: false` the sleep does not keep the process alive.
   */
  sleep(milliseconds: number, options?: SleepOptions): Promise<void>;
}

export interface SleepOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: `true`. */
  readonly ref?: boolean | undefined;
}

/** `setTimeout` fires at once beyond this many milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Two clocks that are read within this many milliseconds were read at the same time; and how often to try for that. */
const CLOSE_READINGS = 0.02;
const MOST_READINGS = 10;

/**
 * `performance.now()` and `hrtime` read the same kernel clock (`CLOCK_MONOTONIC` on Linux), the first from the start of
 * the process, the second from the start of the machine. The sum costs half of what `hrtime` does.
 */
const bootOffset = measureBootOffset();

/** Added to `performance.now()` gives the wall clock with microseconds, until the wall clock is set. */
let wallOffset = performance.timeOrigin;

/** The clocks of the system. */
export const systemClock: Clock = {
  now() {
    const coarse = Date.now();
    const fine = wallOffset + performance.now();
    if (fine >= coarse - 1 && fine < coarse + 2) return fine;
    wallOffset = coarse - performance.now();
    return coarse;
  },

  monotonic() {
    return bootOffset + performance.now();
  },

  async sleep(milliseconds, options = {}) {
    for (let left = milliseconds; ; left -= LONGEST_TIMER) {
      await timer(Math.min(left, LONGEST_TIMER), options);
      if (left <= LONGEST_TIMER) return;
    }
  },
};

/**
 * A process that is stopped between reading the one clock and the other would be late for as long as it lives: its heartbeats
 * would look old to all others, and it could be robbed while it is healthy. So the readings count that were the closest.
 */
function measureBootOffset(): number {
  let offset = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < MOST_READINGS && shortest > CLOSE_READINGS; tries++) {
    const before = performance.now();
    const sinceBoot = Number(process.hrtime.bigint()) / 1e6;
    const gap = performance.now() - before;
    if (gap < shortest) {
      shortest = gap;
      offset = sinceBoot - before;
    }
  }
  return offset;
}

/** Not from `node:timers/promises`, which makes an error of its own for each sleep that is ended: a tenth of an acquire. */
function timer(milliseconds: number, { signal, ref = true }: SleepOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const giveUp = () => {
      clearTimeout(timeout);
      reject(signal?.reason);
    };
    const timeout = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp);
      resolve();
    }, milliseconds);
    if (!ref) timeout.unref();
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
