import type { Clock } from '../../system/clock.js';

/** Called from time to time. */
type Callback = () => void;

interface Watch {
  readonly callbacks: Set<Callback>;
  /** When it last went to sleep, on the monotonic clock. */
  asleepSince: number;
}

const watches = new WeakMap<Clock, Map<number, Watch>>();

/**
 * Calls the function once every `period` milliseconds until the returned function is called. All callers with the same
 * period share one timer, which ends by itself when no callers are left. A timer for each lock would take
 * a fifth of the time of acquire and release.
 */
export function callEvery(period: number, clock: Clock, callback: Callback): () => void {
  const ofClock = watches.get(clock) ?? new Map<number, Watch>();
  watches.set(clock, ofClock);
  let watch = ofClock.get(period);
  if (watch === undefined || hasOverslept(watch, period, clock)) {
    watch = { callbacks: new Set(), asleepSince: clock.monotonic() };
    ofClock.set(period, watch);
    void keep(watch, period, clock, ofClock);
  }
  const { callbacks } = watch;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
  };
}

/** Such a timer may never end: a test's clock forgets its sleepers when it restarts. */
function hasOverslept({ asleepSince }: Watch, period: number, clock: Clock): boolean {
  return Math.abs(clock.monotonic() - asleepSince) > period;
}

async function keep(watch: Watch, period: number, clock: Clock, ofClock: Map<number, Watch>): Promise<void> {
  try {
    do {
      watch.asleepSince = clock.monotonic();
      await clock.sleep(period, { ref: false });
      for (const callback of watch.callbacks) callback();
    } while (watch.callbacks.size > 0);
  } catch {
    // The clock refuses to sleep. The next heartbeat finds the loss too.
  } finally {
    // In the same turn as the last check of the set, so that nobody joins a watch that has ended.
    if (ofClock.get(period) === watch) ofClock.delete(period);
  }
}
