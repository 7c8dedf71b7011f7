import { inspect, LivingLockError } from '../../index.js';
import { ExitCode } from '../errors/exit-codes.js';
import type { Locks } from '../stores/locks.js';
import { type LockStatus, lockStatus } from './lock-status.js';

/** The status of some locks, and what could not be read. */
export interface Seen {
  readonly locks: readonly LockStatus[];
  /** Why other locks could not be read. */
  readonly failures: readonly string[];
}

/** Reads the given locks; without names, all held locks among those that can be listed. */
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
      // Nobody named this lock, and it was released between listing and reading: as if it had never been listed.
      if (isNamed || inspection.state !== 'free') locks.push(lockStatus(name, inspection));
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  return { locks, failures };
}

/** An error that is not a store's is a bug. */
function messageOf(error: unknown): string {
  if (error instanceof LivingLockError) return error.message;
  throw error;
}

/** A lock that could not be read counts most, then one that needs attention. */
export function exitCodeFor({ locks, failures }: Seen): number {
  const isIn = (...states: readonly LockStatus['state'][]) =>
    locks.some(({ state }) => states.includes(state));
  if (failures.length > 0 || isIn('foreign')) return ExitCode.store;
  if (isIn('stalled', 'dead')) return ExitCode.stale;
  return isIn('free') ? ExitCode.no : ExitCode.ok;
}
