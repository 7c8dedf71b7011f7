import { ErrLockStore } from '../errors.js';
import type { Outcome } from '../store.js';

/**
 * The error if a store still names the holder, but has not done what the holder asked. Such a lock is not lost. If it was released before, with a
 * hold, the store was right to refuse.
 */
export function refusalIn(
  outcome: Outcome,
  { name, token }: { readonly name: string; readonly token: string },
  attempted: string,
): ErrLockStore | null {
  if (outcome.done || outcome.found?.token !== token || outcome.found.hold !== null) return null;
  return ErrLockStore.of(name, attempted, {
    code: 'ERR_LOCK_UNCHANGED',
    reason: 'its store did not carry that out, although this process still holds the lock',
    remedy: 'Check whether something interferes, such as a trigger on the table.',
    isInDoubt: false,
  });
}
