import { inspect } from '../../index.js';
import { ExitCode } from '../errors/exit-codes.js';
import { unlessFailed } from '../jobs/read-jobs.js';
import { merged, type NamedLock } from '../named-locks/named-locks.js';
import type { Locks } from '../stores/locks.js';
import type { CachedHistory } from './cached-history.js';
import { type LockStatus, lockStatus } from './lock-status.js';

/** The status of some locks, and what could not be read. */
export interface Seen {
  readonly locks: readonly LockStatus[];
  /** Why other locks could not be read. */
  readonly failures: readonly string[];
  /** What else went wrong: about the history. */
  readonly notes: readonly string[];
  /** Whether the locks were named; otherwise nobody expects them to be held. */
  readonly isNamed: boolean;
}

/** Reads the given locks; without names, those that are held, among those that can be listed, and those that have a history. */
export async function readStatus(
  names: readonly string[],
  { store, nameOf, list }: Locks,
  past: CachedHistory,
): Promise<Seen> {
  const isNamed = names.length > 0;
  const locks: LockStatus[] = [];
  const failures: string[] = [];
  const fail = (reason: string) => void failures.push(reason);
  const listed = async () => merged(await list(), await past.locks());
  const wanted = isNamed
    ? names.map((name) => ({ name, path: nameOf(name) }))
    : ((await unlessFailed(listed(), fail)) ?? []);
  const look = async ({ name, path }: NamedLock) => {
    const inspection = await inspect(path, { store });
    const before = await past.of(inspection);
    // Nobody named this lock, and it was released between listing and reading: as if it had never been listed.
    if (isNamed || inspection.state !== 'free' || before?.runs.length)
      locks.push(lockStatus(name, inspection, before));
  };
  for (const each of wanted) await unlessFailed(look(each), fail);
  return { locks, failures, notes: past.complaint === null ? [] : [past.complaint], isNamed };
}

/** A lock that could not be read counts most, then one that needs attention. */
export function exitCodeFor({ locks, failures, isNamed }: Omit<Seen, 'notes'>): number {
  const isIn = (...states: readonly LockStatus['state'][]) =>
    locks.some(({ state }) => states.includes(state));
  if (failures.length > 0 || isIn('foreign')) return ExitCode.store;
  if (isIn('stalled', 'dead')) return ExitCode.stale;
  return isNamed && isIn('free') ? ExitCode.no : ExitCode.ok;
}
