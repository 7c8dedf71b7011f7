import { inspect, LivingLockError } from '../../index.js';
import { ExitCode } from '../errors/exit-codes.js';
import type { Locks } from '../stores/locks.js';
import { type LockStatus, lockStatus } from './lock-status.js';

/** What was read of some locks. */
export interface Seen {
  readonly locks: readonly LockStatus[];
  /** Why others could not be looked at. */
  readonly failures: readonly string[];
}

/** Looks at the locks that are named; without names, at all that are held among those that can be listed. */
export async function readStatus(names: readonly string[], { store, nameOf, list }: Locks): Promise<Seen> {
  const isNamed = names.length > 0;
  const locks: LockStatus[] = [];
  const failures: string[] = [];
  const listed = async () => {
    try {
      return await list();
    } catch (error) {
      failures.push(messageOf(error));
      return [];
    }
  };
  const wanted = isNamed ? names.map((name) => ({ name, path: nameOf(name) })) : await listed();
  for (const { name, path } of wanted) {
    try {
      const inspection = await inspect(path, { store });
      // One that nobody has named, and that was released between the listing and the reading, is not there at all.
      if (isNamed || inspection.state !== 'free') locks.push(lockStatus(name, inspection));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return { locks, failures };
}

/** What is no failure of a store is a bug. */
function messageOf(error: unknown): string {
  if (error instanceof LivingLockError) return error.message;
  throw error;
}

/** What was not seen counts most, then what needs somebody's attention. */
export function exitCodeFor({ locks, failures }: Seen): number {
  const isIn = (...states: readonly LockStatus['state'][]) =>
    locks.some(({ state }) => states.includes(state));
  if (failures.length > 0 || isIn('foreign')) return ExitCode.store;
  if (isIn('stalled', 'dead')) return ExitCode.stale;
  return isIn('free') ? ExitCode.no : ExitCode.ok;
}
