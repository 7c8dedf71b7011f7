import { type Examined, examine, refuseTooManyTries, type SeenProcess } from './assess/examine.js';
import { type Dependencies, withSystemDefaults } from './dependencies.js';
import { ErrLockBusy, ErrNotALock } from './errors.js';
import { Claims } from './in-doubt.js';
import {
  type BreakOptions,
  type InspectOptions,
  type InspectSettings,
  readInspectOptions,
} from './inspect-options.js';
import type { DefaultStore } from './options.js';
import type { LockRecord } from './record.js';
import type { Store } from './store.js';

/** What is known of a lock. */
export interface Inspection {
  /** The lock's canonical name: for a file, its absolute path. */
  readonly name: string;
  /**
   * `free`: nobody holds it. `live`: its holder is at work. `cooldown`: its holder has released it, but it counts as held
   * until `holdAtLeast` is over. `stalled`: its holder is alive but has stopped heartbeating. `dead`: its holder does not exist
   * any more. The next contender gets it in all cases but `live` and `cooldown`; in `cooldown` only one of the same `owner` that is `sticky`.
   * `foreign`: the file is not a lock; nobody gets it, and nothing changes it.
   */
  readonly state: 'free' | 'live' | 'cooldown' | 'stalled' | 'dead' | 'foreign';
  /** What makes it so, in words. */
  readonly reason: string;
  /** `null` where nobody holds the lock, or where its content names nobody. */
  readonly holder: LockRecord | null;
  /** Milliseconds since the last heartbeat, in `cooldown` since the release; `null` where nobody holds the lock. */
  readonly heartbeatAge: number | null;
  /** The holder's process, then its workers, each with what can be said of it from here; empty where nobody is at work. */
  readonly processes: readonly SeenProcess[];
}

/** Tells the state of a lock, in the store that the options name or in the default one. */
export async function inspect(
  path: string,
  options: InspectOptions,
  defaultStore: DefaultStore,
): Promise<Inspection> {
  const settings = readInspectOptions(options, ['staleTimeout', 'store', 'dependencies']);
  const dependencies = withSystemDefaults(settings.dependencies);
  const store = settings.store ?? defaultStore(dependencies);
  const name = store.resolve(path);
  return toInspection(name, await examine(name, store, dependencies, settings.staleTimeout));
}

/** Removes a lock whose holder is dead or has stalled. */
export async function breakLock(
  path: string,
  options: BreakOptions,
  defaultStore: DefaultStore,
): Promise<Inspection> {
  const settings = readInspectOptions(options, ['staleTimeout', 'force', 'store', 'dependencies']);
  const dependencies = withSystemDefaults(settings.dependencies);
  const store = settings.store ?? defaultStore(dependencies);
  const name = store.resolve(path);
  return breakBy(new Claims(name, store, dependencies), name, store, dependencies, settings);
}

/** Takes it over like any other contender, so that what is removed is exactly what was judged. */
async function breakBy(
  claims: Claims,
  name: string,
  store: Store,
  dependencies: Dependencies,
  { staleTimeout, force }: InspectSettings,
): Promise<Inspection> {
  const claim = {
    process: dependencies.processes.self(),
    workers: [],
    staleTimeout: 1,
    command: 'breakLock',
    user: null,
    cwd: null,
    owner: null,
  };
  let broken: Examined | null = null;
  for (let tries = 1; ; tries++) {
    const examined = await examine(name, store, dependencies, staleTimeout);
    if (examined === null || examined.verdict.state === 'free') return toInspection(name, null);
    const { stored, verdict } = examined;
    if (verdict.state === 'foreign') throw new ErrNotALock(name, verdict.reason);
    const isOurs = claims.isOurs(stored.record);
    if (!isOurs) broken = examined;
    const isTaken = verdict.state === 'live' || verdict.state === 'cooldown';
    if (isTaken && !force && !isOurs) {
      throw new ErrLockBusy(name, stored.record, stored.age, verdict.reason);
    }
    refuseTooManyTries(tries, name, examined);
    const claimed = await claims.send(claim, stored.version);
    if (claimed === null) continue;
    await removeForCertain(store, name, claimed.token, claims);
    return toInspection(name, broken);
  }
}

/** Tries twice, and goes on later, because as long as it is there it looks like a lock that this process holds. */
async function removeForCertain(store: Store, name: string, token: string, claims: Claims): Promise<void> {
  try {
    await store.remove(name, token);
  } catch {
    try {
      await store.remove(name, token);
    } catch (error) {
      claims.doubt(token);
      throw error;
    }
  }
}

function toInspection(name: string, examined: Examined | null): Inspection {
  if (examined === null || examined.verdict.state === 'free') {
    return {
      name,
      state: 'free',
      reason: 'nobody holds it',
      holder: null,
      heartbeatAge: null,
      processes: [],
    };
  }
  const { stored, verdict } = examined;
  const heartbeatAge = verdict.state === 'foreign' ? null : stored.age;
  const isAtWork = stored.record !== null && stored.record.hold === null;
  const processes = isAtWork ? examined.processes : [];
  return { name, ...verdict, holder: stored.record, heartbeatAge, processes };
}
