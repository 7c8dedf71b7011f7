import type { Clock, SleepOptions } from '../system/clock.js';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until the test moves it. Sleepers wake up once the test has advanced the clock far enough,
 * the earliest first.
 *
 * @example
 * import { acquire } from 'livinglock';
 * import { FakeClock } from 'livinglock/testing';
 *
 * const clock = new FakeClock();
 * const lock = await acquire(path, { staleTimeout: '1h', dependencies: { clock } });
 * await clock.advance(61 * 60_000); // the lock is stale now
 */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 1_000_000;
  #suspended = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** @param now Where the wall clock starts, in milliseconds since 1970. Default: 2026-01-01, midnight UTC. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  sinceBoot(): number {
    return this.#monotonic + this.#suspended;
  }

  sleep(milliseconds: number, { signal }: SleepOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const giveUp = () => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const sleeper = {
        due: this.#monotonic + milliseconds,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** How many sleepers there are now, so that a test can wait for one to begin. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Advances the clock, in milliseconds; resolves when everything that woke up meanwhile has done what it could. */
  async advance(milliseconds: number): Promise<void> {
    await settle();
    const end = this.#monotonic + milliseconds;
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#pass(Math.max(0, next.due - this.#monotonic));
      next.wake();
      await settle();
    }
    this.#pass(end - this.#monotonic);
    await settle();
  }

  /** Sets the wall clock forward, or backward by a negative number of milliseconds, as NTP or an operator would. */
  stepWallClock(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** The machine is suspended for that many milliseconds: the wall clock goes on, the monotonic clock and all sleepers do not. */
  suspend(milliseconds: number): void {
    this.#now += milliseconds;
    this.#suspended += milliseconds;
  }

  /** The machine restarts: the monotonic clock begins again, the wall clock goes on. */
  reboot(): void {
    this.#monotonic = 0;
    this.#suspended = 0;
    this.#sleepers.clear();
  }

  #nextBefore(end: number): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.due <= end && (next === undefined || sleeper.due < next.due)) next = sleeper;
    }
    return next;
  }

  #pass(milliseconds: number): void {
    this.#now += milliseconds;
    this.#monotonic += milliseconds;
  }
}

/** Waits until every promise that can be resolved now has been. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
