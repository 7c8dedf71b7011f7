import { show } from '../core/options/validate.js';
import { type Clock, type SleepOptions, unlessAborted } from '../system/clock.js';

/** Milliseconds. Less than that may be too little to change the time. */
const SHORTEST_SLEEP = 0.001;

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until the test moves it. Sleepers wake up once the test has advanced the clock far enough,
 * the earliest first.
 *
 * @example
 * import assert from 'node:assert/strict';
 * import { test } from 'node:test';
 * import { acquire, ErrLockLost } from 'livinglock';
 * import { FakeClock, type FakeProcess, FakeProcessTable, memoryStore } from 'livinglock/testing';
 *
 * test('a run that hangs is taken over, and finds out', async () => {
 *   const clock = new FakeClock();
 *   const processes = new FakeProcessTable(clock);
 *   // The store measures the age of heartbeats, and says whether they come from this machine. `acquire` asks which processes are alive,
 *   // and waits. So both need the same clock and processes: with the system's own, one of them would see another world.
 *   const store = memoryStore({ clock, processes });
 *   const acquireAs = (process: FakeProcess) =>
 *     acquire('nightly', { store, staleTimeout: '1h', dependencies: { clock, processes: processes.as(process) } });
 *
 *   const hung = await acquireAs(processes.start());
 *   await clock.advance(59 * 60_000);
 *   await assert.rejects(acquireAs(processes.start()), { code: 'ERR_LOCK_BUSY' });
 *   await clock.advance(2 * 60_000);
 *   const next = await acquireAs(processes.start());
 *   assert.ok(next.fencingToken > hung.fencingToken);
 *
 *   await clock.advance(30_000); // by now the old holder has read the store
 *   assert.ok(hung.signal.aborted);
 *   await assert.rejects(hung.heartBeat(), ErrLockLost);
 *   await next.release();
 * });
 */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 1_000_000;
  #suspended = 0;
  readonly #sleepers = new Set<Sleeper>();

  /** @param now Where the wall clock starts, in milliseconds since 1970. Default: 2026-01-01, midnight UTC. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = checked('the constructor', now);
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
    return unlessAborted(signal, (wake) => {
      const length = milliseconds > 0 ? Math.max(milliseconds, SHORTEST_SLEEP) : milliseconds;
      const sleeper = { due: this.#monotonic + length, wake };
      this.#sleepers.add(sleeper);
      return () => this.#sleepers.delete(sleeper);
    });
  }

  /**
   * How many sleepers there are now, so that a test can wait for one to begin. A lock sleeps too, usually as one, until it is released: while one is
   * held, compare with the number before.
   */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  /** Advances the clock, in milliseconds; resolves when everything that woke up in the meantime has done what it could. */
  async advance(milliseconds: number): Promise<void> {
    checked('`advance`', milliseconds, 0);
    await settle();
    const end = this.#monotonic + milliseconds;
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#pass(Math.max(0, next.due - this.#monotonic));
      this.#sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.#pass(end - this.#monotonic);
    await settle();
  }

  /** Sets the wall clock forward, or backward by a negative number of milliseconds, as NTP or an operator would. */
  stepWallClock(milliseconds: number): void {
    this.#now += checked('`stepWallClock`', milliseconds);
  }

  /** The machine is suspended for that many milliseconds: the wall clock goes on, the monotonic clock and all sleepers do not. */
  suspend(milliseconds: number): void {
    checked('`suspend`', milliseconds, 0);
    this.#now += milliseconds;
    this.#suspended += milliseconds;
  }

  /** The machine restarts: the monotonic clock begins again, the wall clock goes on. Restart its processes, too: `FakeProcessTable.reboot`. */
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

function checked(method: string, milliseconds: number, least: number = Number.NEGATIVE_INFINITY): number {
  if (Number.isFinite(milliseconds) && milliseconds >= least) return milliseconds;
  const Fault = typeof milliseconds === 'number' ? RangeError : TypeError;
  throw new Fault(
    `A FakeClock takes a finite number of milliseconds${least === 0 ? ' that is not negative' : ''} in ${method}, but got ${show(milliseconds)}.`,
  );
}

/** Waits until every promise that can be resolved now has been. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
