import type { ProcessIdentity } from '../system/processes/process-identity.js';
import { isStillRunning } from '../system/processes/process-table.js';
import type { HolderEvents } from './holder-events.js';
import type { LockParts } from './lock-parts.js';
import { isPromise } from './pending.js';
import type { Replaced } from './predecessor.js';
import type { Awaitable, Outcome } from './store.js';

/** Sends the release of a lock to its store, with what is left of `holdAtLeast`. */
export class Removal {
  readonly #parts: LockParts;
  readonly #events: HolderEvents;
  /** On the monotonic clock. */
  readonly #holdUntil: number;

  constructor(parts: LockParts, events: HolderEvents) {
    const { clock, holdAtLeast } = parts;
    this.#parts = parts;
    this.#events = events;
    this.#holdUntil = holdAtLeast > 0 ? clock.monotonic() + holdAtLeast : 0;
  }

  /** What others find if the lock is taken back later. */
  get replaced(): Replaced {
    return { predecessor: null, holdUntil: this.#holdUntil };
  }

  send(): Awaitable<Outcome> {
    const { name, token, store, clock } = this.#parts;
    const left = this.#holdUntil - clock.monotonic();
    const hold = this.#holdUntil > 0 && left > 0 ? left : undefined;
    return store.remove(name, token, hold);
  }

  /**
   * When the process exits, only a store that answers synchronously can do it; with others the next contender finds a dead holder.
   * Returns whether it was done.
   */
  sendQuietly(): boolean {
    try {
      const outcome = this.send();
      if (!isPromise(outcome)) return outcome.done;
      Promise.resolve(outcome).catch(() => {});
    } catch {
      // As above.
    }
    return false;
  }

  /** The work may outlive this process. */
  sendAtExit(workers: readonly ProcessIdentity[] = []): void {
    const isAtWork = workers.some((worker) => isStillRunning(worker, this.#parts.processes));
    if (!isAtWork && this.sendQuietly()) this.#events.ended({ is: 'released' });
  }
}
