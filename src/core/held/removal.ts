import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import { isStillRunning } from '../../system/processes/process-table.js';
import { NO_HOLD, type Replaced } from '../acquire/predecessor.js';
import { isPromise } from '../calls/maybe-async.js';
import type { HolderEvents } from '../events/holder-events.js';
import type { Awaitable, Outcome } from '../store.js';
import type { LockParts } from './lock-parts.js';

/** Sends a release to its store, with what is left of a hold. */
export function remove(
  { name, store, clock }: Pick<LockParts, 'name' | 'store' | 'clock'>,
  token: string,
  { holdUntil }: Replaced,
): Awaitable<Outcome> {
  const left = holdUntil === NO_HOLD ? 0 : holdUntil - clock.monotonic();
  return store.remove(name, token, left > 0 ? left : undefined);
}

/**
 * When the process exits, only a store that answers synchronously can do it; with others the next contender finds a dead holder.
 * Returns whether it was done.
 */
export function removeQuietly(...removal: Parameters<typeof remove>): boolean {
  try {
    const outcome = remove(...removal);
    if (!isPromise(outcome)) return outcome.done;
    Promise.resolve(outcome).catch(() => {});
  } catch {
    // As above.
  }
  return false;
}

/** Releases a lock, with what is left of `holdAtLeast`. */
export class Removal {
  readonly #parts: LockParts;
  readonly #events: HolderEvents;
  /** What others find if the lock is taken back later. */
  readonly replaced: Replaced;

  constructor(parts: LockParts, events: HolderEvents) {
    const { clock, holdAtLeast } = parts;
    this.#parts = parts;
    this.#events = events;
    // Without `holdAtLeast` nothing is held after the release, even if the clock goes back before it, as in a machine restored from a snapshot.
    const holdUntil = holdAtLeast > 0 ? clock.monotonic() + holdAtLeast : NO_HOLD;
    this.replaced = { predecessor: null, holdUntil };
  }

  send(): Awaitable<Outcome> {
    return remove(this.#parts, this.#parts.token, this.replaced);
  }

  sendQuietly(): boolean {
    return removeQuietly(this.#parts, this.#parts.token, this.replaced);
  }

  /** The work may outlive this process. */
  sendAtExit(workers: readonly ProcessIdentity[] = []): void {
    const isAtWork = workers.some((worker) => isStillRunning(worker, this.#parts.processes));
    if (!isAtWork && this.sendQuietly()) this.#events.ended({ is: 'released' });
  }
}
