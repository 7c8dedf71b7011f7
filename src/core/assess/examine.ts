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
  const byTable = (record === null ? [] : processesOf(record)).map(
    (identity): SeenProcess => ({
      identity,
      liveness: mayBeElsewhere(identity, stored.provenance, processes.self())
        ? 'unknown'
        : processes.liveness(identity, stored.writtenAge),
    }),
  );
  const seen = await bySign(byTable, name, stored, store);
  const liveness = combineLiveness(livenessOf(seen));
  const hasBeatenSince = uptime !== null && stored.age < uptime;
  const relation = record === null ? 'none' : relationOf(record, owner, processes.self(), hasBeatenSince);
  return { stored, verdict: judge(stored, liveness, staleTimeout, relation), processes: seen };
}

/** Asks the holder's sign of life about those of whom nothing else is known: the holder, and workers that have inherited it. */
async function bySign(
  seen: readonly SeenProcess[],
  name: string,
  { record }: Stored,
  store: Store,
): Promise<readonly SeenProcess[]> {
  if (record === null || record.hold !== null || combineLiveness(livenessOf(seen)) !== 'unknown') return seen;
  const answer = await store.askHolder?.(name, record);
  if (answer === undefined || answer === 'unknown') return seen;
  return seen.map((each, index) =>
    each.liveness === 'unknown' && (index === 0 || each.identity.sign === true)
      ? { ...each, liveness: answer }
      : each,
  );
}

function livenessOf(processes: readonly SeenProcess[]): readonly Liveness[] {
  return processes.map((each) => each.liveness);
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
