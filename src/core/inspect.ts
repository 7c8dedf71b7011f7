import { Claims } from './acquire/claims-in-doubt.js';
import { type Examined, examine, type SeenProcess, Tries } from './assess/examine.js';
import { type StoreCall, withCall } from './calls/store-call.js';
import { ErrLockBusy, ErrNotALock } from './errors.js';
import {
  type BreakOptions,
  type InspectOptions,
  type InspectSettings,
  readInspectOptions,
} from './options/inspect-options.js';
import type { DefaultStore } from './options/options.js';
import type { LockRecord } from './record/record.js';
import type { Claim } from './store.js';

/** What is known about a lock. */
export interface Inspection {
  /** The lock's canonical name: for a file, its absolute path, with symbolic links to its folder resolved. */
  readonly name: string;
  /**
   * - `free`: nobody holds it.
   * - `live`: its holder is at work.
   * - `cooldown`: its holder released it, but it counts as held until `holdAtLeast` is over.
   * - `stalled`: its holder is alive but has stopped sending heartbeats.
   * - `dead`: its holder no longer exists.
   * - `foreign`: the file is not a lock. Nobody can acquire it, and nothing changes it.
   *
   * The next contender gets the lock unless it is `live`, `cooldown` or `foreign`. In `cooldown` only a `sticky` contender of the same `owner` gets it.
   */
  readonly state: 'free' | 'live' | 'cooldown' | 'stalled' | 'dead' | 'foreign';
  /** Why it is in that state, in words. */
  readonly reason: string;
  /** `null` if nobody holds the lock, or if its content names nobody. */
  readonly holder: LockRecord | null;
  /** Milliseconds since the last heartbeat, or since the release in `cooldown`; `null` if nobody holds the lock. */
  readonly heartbeatAge: number | null;
  /** The holder's process, then its workers, each with what is known about it from here; empty if nobody is at work. */
  readonly processes: readonly SeenProcess[];
}

/** Reports the state of a lock, in the store named in the options or in the default store. */
export async function inspect(
  path: string,
  options: InspectOptions,
  defaultStore: DefaultStore,
): Promise<Inspection> {
  const settings = readInspectOptions(options, ['staleTimeout', 'signal', 'store', 'dependencies']);
  return withCall(path, settings, defaultStore, async (call) => {
    const examined = await examine(call, settings.staleTimeout).catch(refuse);
    return toInspection(call.name, examined);
  });
}

/** Removes a lock whose holder is dead or has stalled. */
export async function breakLock(
  path: string,
  options: BreakOptions,
  defaultStore: DefaultStore,
): Promise<Inspection> {
  const settings = readInspectOptions(options, ['staleTimeout', 'force', 'signal', 'store', 'dependencies']);
  return withCall(path, settings, defaultStore, (call) => breakIn(call, settings).catch(refuse));
}

const FORCE = 'Nothing was changed. To remove it anyway, use the option `force`.';

/** Neither call has an option `wait`. */
function refuse(error: unknown): never {
  const isMisleading = error instanceof ErrLockBusy && !error.message.endsWith(FORCE);
  throw isMisleading ? error.advising('Try again later.') : error;
}

/** Takes it over like any other contender, so that exactly what was judged is removed. */
async function breakIn(call: StoreCall, { staleTimeout, force }: InspectSettings): Promise<Inspection> {
  const { name, processes } = call;
  const claims = new Claims(call);
  const claimWith = (token: string): Claim => ({
    token,
    process: processes.self(),
    workers: [],
    staleTimeout: 1,
    command: 'breakLock',
    user: null,
    cwd: null,
    owner: null,
  });
  let broken: Examined | null = null;
  const tries = new Tries(name);
  for (;;) {
    const examined = await examine(call, staleTimeout);
    if (examined === null || examined.verdict.state === 'free') return toInspection(name, null);
    const { stored, verdict } = examined;
    if (verdict.state === 'foreign') throw new ErrNotALock(name, verdict.reason);
    const isOurs = claims.replacedBy(stored.record) !== null;
    if (!isOurs) broken = examined;
    const isTaken = verdict.state === 'live' || verdict.state === 'cooldown';
    if (isTaken && !force && !isOurs) {
      throw new ErrLockBusy(name, stored.record, stored.age, verdict.reason, FORCE);
    }
    tries.next(stored);
    const claimed = await claims.send(claimWith, stored.version);
    if (claimed === null) continue;
    await removeForCertain(call, claimed.token, claims);
    return toInspection(name, broken);
  }
}

/** Tries twice, and again later if that fails: as long as the record is there, this process seems to hold the lock. */
async function removeForCertain(
  { name, store, limit }: StoreCall,
  token: string,
  claims: Claims,
): Promise<void> {
  const remove = async () => {
    limit.throwIfOver();
    await limit.until(store.remove(name, token));
  };
  try {
    await remove().catch(remove);
  } catch (error) {
    claims.doubt(token);
    throw error;
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
  const { stored, verdict, processes } = examined;
  const heartbeatAge = verdict.state === 'foreign' ? null : stored.age;
  return { name, ...verdict, holder: stored.record, heartbeatAge, processes };
}
