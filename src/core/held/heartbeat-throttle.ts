import { startTimer } from '../../system/clock.js';
import type { LockParts } from './lock-parts.js';

/** The lock whose heartbeats are throttled. */
type ThrottleParts = Pick<LockParts, 'clock' | 'staleTimeout' | 'heartbeatMinimalInterval'>;

/** How it is known when to write, and how it is done. */
interface ThrottleView {
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
export class HeartbeatThrottle {
  readonly #parts: ThrottleParts;
  readonly #view: ThrottleView;
  readonly #interval: number;
  /** Whether a heartbeat was remembered since the last one was sent. */
  #isDue = false;
  /** Whether one was remembered that is part of the write in flight. */
  #isInFlight = false;
  /** Ends the wait; `null` while nothing is waited for. */
  #stop: (() => void) | null = null;

  constructor(parts: ThrottleParts, view: ThrottleView) {
    this.#parts = parts;
    this.#view = view;
    this.#interval = Math.min(parts.heartbeatMinimalInterval, parts.staleTimeout * LONGEST_INTERVAL);
  }

  /** Whether it is too soon after the last confirmed heartbeat to write one now. */
  isEarly(confirmedAt: number): boolean {
    const since = this.#parts.clock.monotonic() - confirmedAt;
    // In the future: by a test's clock, which is gone.
    return since >= 0 && since < this.#interval;
  }

  /** The job has sent a heartbeat that is not written now. */
  remember(): void {
    this.#isDue = true;
    this.#resume();
  }

  /** A heartbeat is being written, which stands for all that came before. */
  sent(isLate: boolean): void {
    this.#isInFlight = this.#isDue && !isLate;
    this.#isDue = false;
  }

  succeeded(): void {
    this.#isInFlight = false;
    this.#resume();
  }

  /** Whoever waits for the write was told, but not the caller of a heartbeat that was remembered before. */
  failed(): void {
    this.#isDue ||= this.#isInFlight;
    this.#isInFlight = false;
    this.#resume();
  }

  /** The lease is over. */
  end(): void {
    this.#stop?.();
    this.#stop = null;
  }

  #resume(): void {
    const left = this.#left;
    if (left === null || this.#stop !== null) return;
    const over = () => {
      this.#stop = null;
    };
    const check = () => {
      over();
      const still = this.#left;
      if (still !== null && still <= 0) this.#view.write();
      else this.#resume();
    };
    // At least one turn of the event loop: whoever waits to write comes first. If the clock refuses to sleep, the next heartbeat is written.
    this.#stop = startTimer(this.#parts.clock, Math.max(left, 0), check, false, over);
  }

  /** Milliseconds until the remembered heartbeat has to be written; `null` if nothing has. */
  get #left(): number | null {
    const { clock, staleTimeout } = this.#parts;
    const confirmedAt = this.#view.confirmedAt();
    if (confirmedAt === null || !this.#isDue) return null;
    const since = clock.monotonic() - confirmedAt;
    return since < staleTimeout ? this.#interval - since : null;
  }
}
