import { systemClock } from '../../index.js';
import type { ProcessGroup } from './process-group.js';

/** Why a command is being ended by us. */
export type Reason = 'lost' | 'stalled' | 'timeout';

/** How a command is ended by us, if it is. */
export class Ending {
  readonly #group: ProcessGroup;
  readonly #killAfter: number;
  readonly #over = new AbortController();
  #reason: Reason | null = null;

  /** @param killAfter Milliseconds from SIGTERM to SIGKILL. */
  constructor(group: ProcessGroup, killAfter: number) {
    this.#group = group;
    this.#killAfter = killAfter;
  }

  /** The first that there was; `null` as long as the command ends by itself. */
  get reason(): Reason | null {
    return this.#reason;
  }

  /** SIGTERM to all of it, and SIGKILL to those who are still there after a while. */
  begin(reason: Reason): void {
    this.#reason = reason;
    this.#group.signal('SIGTERM');
    // One that was stopped gets no signal but this before SIGKILL.
    this.#group.signal('SIGCONT');
    this.after(this.#killAfter, () => this.#group.signal('SIGKILL'));
  }

  /** Calls the function in so many milliseconds, unless all of the command is gone by then. */
  after(delay: number, action: () => void): void {
    systemClock.sleep(delay, { signal: this.#over.signal, ref: false }).then(action, () => {});
  }

  /** Nobody is left to be ended. */
  stop(): void {
    this.#over.abort();
  }
}
