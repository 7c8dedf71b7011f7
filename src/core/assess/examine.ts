import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { Liveness } from '../../system/processes/process-table.js';
import type { Dependencies } from '../dependencies.js';
import { ErrLockBusy } from '../errors.js';
import type { LockRecord } from '../record.js';
import type { Store, Stored } from '../store.js';
import { combineLiveness, judge, type Verdict } from './judge.js';
import { relationOf } from './owner.js';
import { mayBeElsewhere } from './provenance.js';

/** How often a lock is judged again because it changed meanwhile. */
const MOST_TRIES = 100;

/** What was found, and the verdict on it. */
export interface Examined {
  readonly stored: Stored;
  readonly verdict: Verdict;
  readonly processes: readonly SeenProcess[];
}

/** A process of a holder, and what is known about it from here. */
export interface SeenProcess {
  /** Which process it is. */
  readonly identity: ProcessIdentity;
  /** Whether it is alive. */
  readonly liveness: Liveness;
}

/** Reads a lock and judges its holder; `null` if nobody holds it. Changes nothing. */
export async function examine(
  name: string,
  store: Store,
  { processes }: Dependencies,
  staleTimeout: number | undefined,
  owner: string | null = null,
): Promise<Examined | null> {
  // Before the age is measured; otherwise the last heartbeat of an earlier run might seem to be from this one.
  const uptime = owner === null ? null : (processes.uptime?.() ?? null);
  const stored = await store.read(name);
  if (stored === null) return null;
  const { record } = stored;
  const seen = (record === null ? [] : processesOf(record)).map((identity) => ({
    identity,
    liveness: mayBeElsewhere(identity, stored.provenance, processes.self())
      ? 'unknown'
      : processes.liveness(identity, stored.writtenAge),
  }));
  const liveness = combineLiveness(seen.map((each) => each.liveness));
  const hasBeatenSince = uptime !== null && stored.age < uptime;
  const relation = record === null ? 'none' : relationOf(record, owner, processes.self(), hasBeatenSince);
  return { stored, verdict: judge(stored, liveness, staleTimeout, relation), processes: seen };
}

/** Once workers are named, they count, and not whatever else inherited something from the holder, such as a daemon. */
export function processesOf({ process, workers }: LockRecord): readonly ProcessIdentity[] {
  if (workers.length === 0) return [process];
  const { inheritedSocket: _, ...holder } = process;
  return [holder, ...workers];
}

/** Each attempt that fails means that somebody else succeeded. This many mean that the store contradicts itself. */
export function refuseTooManyTries(tries: number, name: string, examined: Examined | null): void {
  if (tries <= MOST_TRIES) return;
  const { record = null, age = 0 } = examined?.stored ?? {};
  throw new ErrLockBusy(name, record, age, 'it changes faster than it can be judged');
}
