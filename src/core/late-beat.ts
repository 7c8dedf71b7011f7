import type { Clock } from '../system/clock.js';

/** The lock whose heartbeats are written late. */
export interface LateBeatParts {
  readonly clock: Clock;
  readonly staleTimeout: number;
  readonly heartbeatMinimalInterval: number;
  /** When the last confirmed heartbeat was sent, on the monotonic clock; `null` once the lease is over. */
  confirmedAt(): number | null;
  /** Writes a heartbeat, unless one is being written. */
  write(): void;
}

/** As a fraction of the stale timeout: a heartbeat must be written before that is over. */
const LONGEST_INTERVAL = 0.9;

/**
 * Remembers a heartbeat that came too soon after the last one to be written, and writes it when the interval is over: once, because a write
 * that fails is no longer proof of work when it is repeated, and not after the stale timeout, when a job that has hung would revive its lock.
 */
export class LateBeat {
  readonly #parts: LateBeatParts;
  readonly #interval: number;
  #calledAt = Number.NEGATIVE_INFINITY;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #isWaiting = false;

  constructor(parts: LateBeatParts) {
    this.#parts = parts;
    this.#interval = Math.min(parts.heartbeatMinimalInterval, parts.staleTimeout * LONGEST_INTERVAL);
  }

  /** The job has sent a heartbeat. Returns whether that was too soon after the last one to write it now. */
  isEarly(confirmedAt: number): boolean {
    this.#calledAt = this.#parts.clock.monotonic();
    if (this.#calledAt - confirmedAt >= this.#interval) return false;
    this.#resume();
    return true;
  }

  /** A heartbeat was written, which was sent at this time. The job may have sent another one since then. */
  written(sentAt: number): void {
    this.#writtenAt = sentAt;
    this.#resume();
  }

  #resume(): void {
    if (!this.#isWaiting && this.#left !== null) void this.#wait();
  }

  async #wait(): Promise<void> {
    this.#isWaiting = true;
    try {
      for (let left = this.#left; left !== null; left = this.#left) {
        if (left <= 0) return this.#parts.write();
        // Without a signal: to create and abort one takes longer than what is left of this takes when the lease is over.
        await this.#parts.clock.sleep(left, { ref: false });
      }
    } catch {
      // The clock refuses to sleep. The next heartbeat is written.
    } finally {
      this.#isWaiting = false;
    }
  }

  /** Milliseconds until the remembered heartbeat has to be written; `null` if nothing has. */
  get #left(): number | null {
    const { clock, staleTimeout } = this.#parts;
    const confirmedAt = this.#parts.confirmedAt();
    if (confirmedAt === null || this.#calledAt <= this.#writtenAt) return null;
    const since = clock.monotonic() - confirmedAt;
    return since < staleTimeout ? this.#interval - since : null;
  }
}
