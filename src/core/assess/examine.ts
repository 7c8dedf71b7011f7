import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { Liveness } from '../../system/processes/process-table.js';
import type { StoreCall } from '../calls/store-call.js';
import { ErrLockBusy, ErrLockStore } from '../errors.js';
import type { LockRecord } from '../record/record.js';
import type { Stored } from '../store.js';
import { AT_WORK, combineLiveness, judge, type Verdict } from './judge.js';
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

/** The holder comes first. */
type Seen = readonly SeenProcess[];

/** Reads a lock and judges its holder; `null` if nobody holds it. Changes nothing. */
export async function examine(
  call: StoreCall,
  staleTimeout: number | undefined,
  owner: string | null = null,
): Promise<Examined | null> {
  const { name, reader, processes } = call;
  const tries = new Tries(name);
  for (;;) {
    // Before the age is measured; otherwise the last heartbeat of an earlier run might seem to be from this one.
    const uptime = owner === null ? null : (processes.uptime?.() ?? null);
    const stored = await reader.read(name);
    if (stored === null) return null;
    const { record } = stored;
    const seen = record === null || record.hold !== null ? [] : await look(record, stored, call);
    if (seen === 'replaced') {
      tries.next(stored);
      continue;
    }
    const liveness = livenessOf(seen);
    const hasBeatenSince = uptime !== null && stored.age < uptime;
    const relation = record === null ? 'none' : relationOf(record, owner, processes.self(), hasBeatenSince);
    const verdict = withoutHolder(judge(stored, liveness, staleTimeout, relation), seen);
    return { stored, verdict, processes: seen };
  }
}

/** Says so if the holder itself is dead, as a runner that was killed: whoever looks for it would not find it. */
function withoutHolder(verdict: Verdict, [holder]: Seen): Verdict {
  if (verdict.reason !== AT_WORK || holder?.liveness !== 'dead') return verdict;
  return {
    ...verdict,
    reason: `PID ${holder.identity.pid} is dead, but what it has started is still at work`,
  };
}

/**
 * Asks the process table and the holder's sign of life; the sign only about processes that the table knows nothing about. `replaced`: the holder
 * has released the lock since, or another has taken it over, so that its sign says nothing about this record.
 */
async function look(record: LockRecord, stored: Stored, call: StoreCall): Promise<Seen | 'replaced'> {
  const unseen = processesOf(record).map((identity): SeenProcess => ({ identity, liveness: 'unknown' }));
  if (call.life?.when === 'claiming') return byTable(await bySign(unseen, record, call), stored, call);
  const seen = await bySign(byTable(unseen, stored, call), record, call);
  return livenessOf(seen) === 'unknown' && (await isReplaced(record, call)) ? 'replaced' : seen;
}

function byTable(seen: Seen, { provenance, writtenAge }: Stored, { processes }: StoreCall): Seen {
  const isHeld = livenessOf(seen) === 'alive';
  return fill(seen, (identity) => {
    if (mayBeElsewhere(identity, provenance, processes.self())) return 'unknown';
    // When a process began does not matter for a lock that is held, and finding out may take a program.
    return isHeld
      ? processes.liveness({ ...identity, started: null })
      : processes.liveness(identity, writtenAge);
  });
}

async function bySign(seen: Seen, record: LockRecord, { name, reader }: StoreCall): Promise<Seen> {
  if (livenessOf(seen) !== 'unknown') return seen;
  const answer = await reader.askHolder?.(name, record);
  return fill(seen, (identity, index) => {
    const isHolder = index === 0;
    // What has inherited the socket may go on without the holder.
    const isCovered = identity.sign === true || (isHolder && identity.inheritedSocket === undefined);
    return (answer === 'alive' && isHolder) || (answer === 'dead' && isCovered) ? answer : 'unknown';
  });
}

/** Adds what is known about those of whom nothing is known yet. */
function fill(seen: Seen, livenessOfOne: (identity: ProcessIdentity, index: number) => Liveness): Seen {
  return seen.map((each, index) =>
    each.liveness === 'unknown' ? { ...each, liveness: livenessOfOne(each.identity, index) } : each,
  );
}

async function isReplaced({ token }: LockRecord, { name, reader }: StoreCall): Promise<boolean> {
  if (reader.askHolder === undefined) return false;
  const now = await reader.read(name);
  return now?.record?.token !== token;
}

/** What is known about all of them together. */
function livenessOf(processes: Seen): Liveness {
  return combineLiveness(processes.map((each) => each.liveness));
}

/** Once workers are named, they count, and not whatever else inherited something from the holder, such as a daemon. */
export function processesOf({ process, workers }: LockRecord): readonly ProcessIdentity[] {
  if (workers.length === 0) return [process];
  const { inheritedSocket: _, ...holder } = process;
  return [holder, ...workers];
}

/** Counts attempts. Usually each that fails means that somebody else succeeded, which changes what is stored. */
export class Tries {
  readonly #name: string;
  readonly #versions = new Set<string | undefined>();
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Throws if there were too many: the store prevents the change, or contradicts itself. */
  next(found: Stored | null): void {
    this.#versions.add(found?.version);
    this.#count += 1;
    if (this.#count <= MOST_TRIES) return;
    if (this.#versions.size === 1) throw unchanged(this.#name, found);
    const { record = null, age = 0 } = found ?? {};
    throw new ErrLockBusy(this.#name, record, age, 'it keeps changing while it is being read');
  }
}

function unchanged(name: string, found: Stored | null): ErrLockStore {
  return ErrLockStore.of(name, found === null ? 'create the lock' : 'take over the lock', {
    code: 'ERR_LOCK_UNCHANGED',
    reason: 'its store did not carry that out, although nothing has changed in the meantime',
    remedy: 'Check whether something interferes, such as a trigger or row-level security on the table.',
    isInDoubt: false,
  });
}
