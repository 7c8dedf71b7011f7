import { randomUUID } from 'node:crypto';
import { withSystemDefaults } from './dependencies.js';
import { ErrLockBusy } from './errors.js';
import { type Examined, examine } from './examine.js';
import { type BreakOptions, type InspectOptions, readInspectOptions } from './options.js';
import type { LockRecord } from './record.js';
import { fileStore } from './stores/file/file-store.js';

/** What is known of a lock. */
export interface Inspection {
  /** The lock's canonical name: for a file, its absolute path. */
  readonly name: string;
  /**
   * `free`: nobody holds it. `live`: its holder is at work. `stalled`: its holder is alive but has stopped heartbeating.
   * `dead`: its holder does not exist any more. The next contender gets it in all cases but `live`.
   */
  readonly state: 'free' | 'live' | 'stalled' | 'dead';
  /** What makes it so, in words. */
  readonly reason: string;
  /** `null` where nobody holds the lock, or where its content names nobody. */
  readonly holder: LockRecord | null;
  /** Milliseconds since the last heartbeat; `null` where nobody holds the lock. */
  readonly heartbeatAge: number | null;
}

/**
 * Tells the state of a lock without changing anything. Rejects with {@link ErrLockStore} if it cannot be read.
 *
 * @example
 * const { state, holder } = await inspect('/var/lib/importer/nightly.lock');
 */
export async function inspect(path: string, options: InspectOptions = {}): Promise<Inspection> {
  const settings = readInspectOptions(options, ['staleTimeout', 'store', 'dependencies']);
  const dependencies = withSystemDefaults(settings.dependencies);
  const store = settings.store ?? fileStore(dependencies);
  const name = store.resolve(path);
  return toInspection(name, await examine(name, store, dependencies, settings.staleTimeout));
}

/**
 * Removes a lock whose holder is dead or has stalled; with `force`, any. There is seldom a need for it, since the next
 * contender takes such a lock anyway. Gives what it found: `free` where there was nothing to remove.
 *
 * Rejects with {@link ErrLockBusy} if the holder is alive and heartbeating, with {@link ErrLockStore} for what the store
 * cannot do.
 */
export async function breakLock(path: string, options: BreakOptions = {}): Promise<Inspection> {
  const settings = readInspectOptions(options, ['staleTimeout', 'force', 'store', 'dependencies']);
  const dependencies = withSystemDefaults(settings.dependencies);
  const store = settings.store ?? fileStore(dependencies);
  const name = store.resolve(path);
  const token = randomUUID();
  for (;;) {
    const examined = await examine(name, store, dependencies, settings.staleTimeout);
    if (examined === null) return toInspection(name, null);
    const { stored, verdict } = examined;
    if (verdict.state === 'live' && !settings.force) {
      throw new ErrLockBusy(name, stored.record, stored.age, verdict.reason);
    }
    // Taken over like any other, so that what is removed is exactly what was judged.
    const claim = {
      token,
      process: dependencies.processes.self(),
      workers: [],
      staleTimeout: 1,
      command: 'breakLock',
      user: null,
    };
    const outcome = await store.claim(name, claim, stored.version);
    if (!outcome.done) continue;
    await store.remove(name, token);
    return toInspection(name, examined);
  }
}

function toInspection(name: string, examined: Examined | null): Inspection {
  if (examined === null) {
    return { name, state: 'free', reason: 'nobody holds it', holder: null, heartbeatAge: null };
  }
  const { stored, verdict } = examined;
  return { name, ...verdict, holder: stored.record, heartbeatAge: stored.age };
}
