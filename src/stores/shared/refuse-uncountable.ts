import { ErrLockStore } from '../../core/errors.js';
import type { Outcome } from '../../core/store.js';

/** Refuses a claim that has got no fencing token, because the last one, which somebody must have changed, leaves no room for a greater one. */
export function refuseUncountable(outcome: Outcome, lock: string, attempted: string): Outcome {
  if (!outcome.done || outcome.record.fencingToken !== null) return outcome;
  throw ErrLockStore.of(lock, attempted, {
    code: 'ERR_LOCK_FENCING_TOKEN',
    reason: 'its last fencing token is the greatest possible one, so somebody must have changed it',
    remedy: 'Delete its row or key: the next token then comes from the clock.',
  });
}
