import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { Liveness } from '../../system/processes/process-table.js';
import type { Call } from '../call.js';
import type { Reader } from '../call-limit.js';
import { ErrLockBusy } from '../errors.js';
import type { LockRecord } from '../record.js';
import type { Stored } from '../store.js';
import { combineLiveness, judge, type Verdict } from './judge.js';
import { relationOf } from './owner.js';
import { mayBeElsewhere } from './provenance.js';

/** How often a lock is judged again because it has changed in the meantime. */
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
  call: Call,
  staleTimeout: number | undefined,
  owner: string | null = null,
): Promise<Examined | null> {
  const { name, reader, processes } = call;
  // Before the age is measured; otherwise the last heartbeat of an earlier run might seem to be from this one.
  const uptime = owner === null ? null : (processes.uptime?.() ?? null);
  const stored = await reader.read(name);
  if (stored === null) return null;
  const { record } = stored;
  const seen = record === null || record.hold !== null ? [] : await look(record, stored, call);
  if (seen === 'replaced') return examine(call, staleTimeout, owner);
  const liveness = livenessOf(seen);
  const hasBeatenSince = uptime !== null && stored.age < uptime;
  const relation = record === null ? 'none' : relationOf(record, owner, processes.self(), hasBeatenSince);
  return { stored, verdict: judge(stored, liveness, staleTimeout, relation), processes: seen };
}

/**
 * Asks the process table and the holder's sign of life; the sign only about processes that the table knows nothing about. `replaced`: the holder
 * has released the lock since, or another has taken it over, so that its sign says nothing about this record.
 */
async function look(
  record: LockRecord,
  { provenance, writtenAge }: Stored,
  { name, reader, processes, life }: Call,
): Promise<readonly SeenProcess[] | 'replaced'> {
  const livenessOfOne = (identity: ProcessIdentity, age: number | undefined): Liveness =>
    mayBeElsewhere(identity, provenance, processes.self()) ? 'unknown' : processes.liveness(identity, age);
  const byTable = (identity: ProcessIdentity) => livenessOfOne(identity, writtenAge);
  const byPid = (identity: ProcessIdentity) => livenessOfOne({ ...identity, started: null }, undefined);
  const bySign = async (seen: readonly SeenProcess[]) => {
    const answer = livenessOf(seen) === 'unknown' ? await reader.askHolder?.(name, record) : 'unknown';
    return fill(seen, (identity, index) => {
      const isHolder = index === 0;
      // What has inherited the socket may go on without the holder.
      const isCovered = identity.sign === true || (isHolder && identity.inheritedSocket === undefined);
      return (answer === 'alive' && isHolder) || (answer === 'dead' && isCovered) ? answer : 'unknown';
    });
  };
  const unseen = processesOf(record).map((identity): SeenProcess => ({ identity, liveness: 'unknown' }));
  if (life?.when !== 'claiming') {
    const seen = await bySign(fill(unseen, byTable));
    return livenessOf(seen) === 'unknown' && (await isReplaced(record, name, reader)) ? 'replaced' : seen;
  }
  // Where a sign comes first, a process table starts a program to find out when a process began. For a lock that is held, that does not matter.
  const seen = await bySign(unseen);
  const isHeld = livenessOf(seen) === 'alive';
  return fill(seen, isHeld ? byPid : byTable);
}

/** Adds what is known about those of whom nothing is known yet. */
function fill(
  seen: readonly SeenProcess[],
  livenessOfOne: (identity: ProcessIdentity, index: number) => Liveness,
): readonly SeenProcess[] {
  return seen.map((each, index) =>
    each.liveness === 'unknown' ? { ...each, liveness: livenessOfOne(each.identity, index) } : each,
  );
}

async function isReplaced({ token }: LockRecord, name: string, reader: Reader): Promise<boolean> {
  if (reader.askHolder === undefined) return false;
  const now = await reader.read(name);
  return now?.record?.token !== token;
}

/** What is known about all of them together. */
function livenessOf(processes: readonly SeenProcess[]): Liveness {
  return combineLiveness(processes.map((each) => each.liveness));
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
  throw new ErrLockBusy(name, record, age, 'it keeps changing while it is being read');
}
