import type { Lost } from './lease-machine.js';
import { BeatAnswer, type BeatListener } from './unawaited-heartbeat.js';

/** The lease whose loss the job is told of. */
interface LossView {
  lost(): Lost | null;
  /** A call has rejected with the loss. */
  reported(): void;
}

/** How a job learns that its lock is lost: by the signal, by calls that reject, or else by a warning. */
export class LossNotice implements BeatListener {
  readonly #lease: LossView;
  /** Created when someone asks for the signal; most jobs never do. */
  #controller: AbortController | undefined;
  #rejection: Promise<void> | undefined;

  constructor(lease: LossView) {
    this.#lease = lease;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.abort();
    }
    return this.#controller.signal;
  }

  /** Aborts the signal if the lock is lost. */
  abort(): void {
    const lost = this.#lease.lost();
    if (lost !== null) this.#controller?.abort(lost.error);
  }

  /** What calls get once the lock is lost: one promise for all of them, because some jobs make millions. */
  get rejection(): Promise<void> | null {
    const lost = this.#lease.lost();
    if (lost === null) return null;
    this.#rejection ??= Promise.reject(lost.error);
    return this.#rejection;
  }

  /** For a call whose caller waits for the answer. */
  reporting(answer: Promise<void>): Promise<void> {
    return answer.catch((error: unknown) => {
      this.told(error);
      throw error;
    });
  }

  /** For a heartbeat, whose caller may not. */
  toBeat(answer: Promise<void>): Promise<void> {
    return BeatAnswer.for(answer, this);
  }

  told(error: unknown): void {
    if (error === this.#lease.lost()?.error) this.#lease.reported();
  }

  isInformed(): boolean {
    return this.#controller !== undefined || this.#lease.lost()?.isReported === true;
  }
}
