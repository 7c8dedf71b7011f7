import { AsyncResource } from 'node:async_hooks';
import { attempt } from '../../system/attempt.js';
import { type Clock, systemClock } from '../../system/clock.js';

/** Called from time to time. */
type Callback = () => void;

interface Watch {
  readonly callbacks: Set<Callback>;
  /** Ends its sleep, on a test's clock or timers. `null` on those of the system, where that would cost too much. */
  readonly end: AbortController | null;
  /** What the clock sleeps with. */
  readonly timers: typeof setTimeout;
  /** When it last went to sleep, on the monotonic clock; `NaN` before. */
  asleepSince: number;
}

/** Unlike these, fake timers may be cleared, or replaced by real ones, while a watch sleeps. */
const USUAL_TIMERS = setTimeout;

/** Keeps the context of an `AsyncLocalStorage`. (`AsyncLocalStorage.snapshot()` takes 200 times as long.) */
class Context extends AsyncResource {
  constructor() {
    super('livinglock');
  }

  /** Asked by programs that look for what keeps a process alive, such as Jest with `--detectOpenHandles`. */
  hasRef(): boolean {
    return false;
  }
}

/** A watch is shared, so it must not run in the context of the caller who happens to be the first. */
const noContext = new Context();

const watches = new WeakMap<Clock, Map<number, Watch>>();

/**
 * Calls the function once every `period` milliseconds until the returned function is called. All callers with the same
 * period share one timer, which ends by itself when no callers are left. A timer for each lock would take
 * a fifth of the time of acquire and release. A test's clock sleeps no longer than there are callers, so that the test can count its sleepers.
 */
export function callEvery(period: number, clock: Clock, callback: Callback): () => void {
  const ofClock = watches.get(clock) ?? new Map<number, Watch>();
  watches.set(clock, ofClock);
  let watch = ofClock.get(period);
  if (watch === undefined || mayBeForgotten(watch, period, clock)) {
    const isUsual = clock === systemClock && setTimeout === USUAL_TIMERS;
    const end = isUsual ? null : new AbortController();
    watch = { callbacks: new Set(), end, timers: setTimeout, asleepSince: Number.NaN };
    ofClock.set(period, watch);
    const started = watch;
    void noContext.runInAsyncScope(() => keep(started, period, clock, ofClock));
  }
  const { callbacks, end } = watch;
  const context = new Context();
  const call = () => context.runInAsyncScope(callback);
  callbacks.add(call);
  return () => {
    callbacks.delete(call);
    if (end === null || callbacks.size > 0) return;
    if (ofClock.get(period)?.end === end) ofClock.delete(period);
    end.abort();
  };
}

/** Its sleep may never end: a test's clock forgets its sleepers when it restarts, and fake timers stand still when real ones replace them. */
function mayBeForgotten({ timers, asleepSince }: Watch, period: number, clock: Clock): boolean {
  return timers !== setTimeout || Math.abs(clock.monotonic() - asleepSince) > period;
}

async function keep(watch: Watch, period: number, clock: Clock, ofClock: Map<number, Watch>): Promise<void> {
  try {
    do {
      watch.asleepSince = clock.monotonic();
      await clock.sleep(period, { ref: false, signal: watch.end?.signal });
      // One that fails, as with a clock that does, must not keep the others from being called.
      for (const callback of watch.callbacks) attempt(callback, undefined);
    } while (watch.callbacks.size > 0);
  } catch {
    // The clock refuses to sleep. The next heartbeat finds the loss too.
  } finally {
    // In the same turn as the last check of the set, so that nobody joins a watch that has ended.
    if (ofClock.get(period) === watch) ofClock.delete(period);
  }
}
