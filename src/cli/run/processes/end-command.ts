import type { RunOutcome } from '../../../history/index.js';
import { type Lock, systemClock } from '../../../index.js';
import type { ProcessGroup } from './process-group.js';

/** Why the runner ends the command. */
export type Reason = Extract<RunOutcome, 'lost' | 'stalled' | 'timed-out'>;

/** How often to look whether the command is gone, in milliseconds. */
const LOOK_PERIOD = 50;

/** Ends the command and waits until all of it is gone. Until then it is under the lock. */
export async function endAndWait(group: ProcessGroup, killAfter: number, lock: Lock | null): Promise<void> {
  const ender = new CommandEnder(group, killAfter);
  // The reason is only for callers that ask for it.
  ender.begin('lost');
  while (!group.isGone()) {
    lock?.heartBeat().catch(() => {});
    await systemClock.sleep(LOOK_PERIOD);
  }
  ender.stop();
}

/** Ends the command on behalf of the runner. */
export class CommandEnder {
  readonly #group: ProcessGroup;
  readonly #killAfter: number;
  readonly #over = new AbortController();
  readonly #waiting = new AbortController();
  #isGone = false;
  #reason: Reason | null = null;

  /** @param killAfter Milliseconds from SIGTERM to SIGKILL. */
  constructor(group: ProcessGroup, killAfter: number) {
    this.#group = group;
    this.#killAfter = killAfter;
  }

  /** The first reason; `null` as long as the runner has not ended the command. */
  get reason(): Reason | null {
    return this.#reason;
  }

  /** Aborted when the output of a command that is gone must not be waited for any longer: its reader, or a disk, may be stuck. */
  get waiting(): AbortSignal {
    return this.#waiting.signal;
  }

  /**
   * The whole command is gone, and what remains is its output. If it has been ended, that may take `killAfter`.
   *
   * @param isSignalled Whether someone else has ended it.
   */
  outlived(isSignalled: boolean): void {
    this.#isGone = true;
    if (isSignalled || this.#reason !== null) this.after(this.#killAfter, () => this.abandon());
  }

  /** Do not wait for its output any longer. */
  abandon(): void {
    this.#waiting.abort();
  }

  /** SIGTERM to the whole process group, then SIGKILL to whatever is still there after `killAfter`. Returns whether this is the first reason. */
  begin(reason: Reason): boolean {
    if (this.#reason !== null) return false;
    this.#reason = reason;
    if (this.#isGone) {
      this.abandon();
      return true;
    }
    this.#group.signal('SIGTERM');
    // A stopped process receives no signal other than SIGCONT before SIGKILL.
    this.#group.signal('SIGCONT');
    this.after(this.#killAfter, () => this.#group.signal('SIGKILL'));
    return true;
  }

  /** Calls the function after this time, unless the whole command is gone by then. */
  after(delay: number, action: () => void): void {
    systemClock.sleep(delay, { signal: this.#over.signal, ref: false }).then(action, () => {});
  }

  /** Nothing is left to be ended. */
  stop(): void {
    this.#over.abort();
  }
}
