import type { Clock } from '../system/clock.js';

/** Something that is looked after from time to time. */
type Look = () => void;

interface Watch {
  readonly looks: Set<Look>;
  /** When it last lay down to sleep, on the monotonic clock. */
  asleepSince: number;
}

const watches = new WeakMap<Clock, Map<number, Watch>>();

/**
 * Calls the function every so many milliseconds until it is taken back with the function that this gives. All who ask for
 * the same period share one timer, which ends by itself when it finds nobody left: a timer of its own for each lock, with
 * what it takes to end it, would be a fifth of acquire and release.
 */
export function callEvery(period: number, clock: Clock, look: Look): () => void {
  const ofClock = watches.get(clock) ?? new Map<number, Watch>();
  watches.set(clock, ofClock);
  let watch = ofClock.get(period);
  if (watch === undefined || hasOverslept(watch, period, clock)) {
    watch = { looks: new Set(), asleepSince: clock.monotonic() };
    ofClock.set(period, watch);
    void keep(watch, period, clock, ofClock);
  }
  const { looks } = watch;
  looks.add(look);
  return () => {
    looks.delete(look);
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
      for (const look of watch.looks) look();
    } while (watch.looks.size > 0);
  } catch {
    // The clock does not let anyone sleep. The next heartbeat finds the loss too.
  } finally {
    // In the same breath as the last look at the set, so that nobody joins a watch that has ended.
    if (ofClock.get(period) === watch) ofClock.delete(period);
  }
}
