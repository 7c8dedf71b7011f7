import { ErrLockLost, type Lock, systemClock } from '../../../index.js';
import { messageOf } from '../../../system/message-of.js';
import { say } from '../../terminal/messages.js';

/** Milliseconds between two checks. */
const SHORTEST_PERIOD = 20;
const LONGEST_PERIOD = 1000;
/** A check this late means that the runner itself was paused. Then it must first find out what the command did meanwhile. */
const LATE = 1000;

/** Checks for proof, and returns how many milliseconds ago the last one was given. */
export type ProofCheck = (watch: StallWatch) => number | Promise<number>;

interface StallWatchOptions {
  /** `null` for a command that runs by force, without the lock. */
  readonly lock: Lock | null;
  /** Milliseconds. */
  readonly staleTimeout: number;
  readonly heartbeatInterval: number;
  readonly check: ProofCheck;
  /** There was no proof for this many milliseconds, which is longer than the stale timeout. */
  readonly onStall: (silence: number) => void;
}

/**
 * Passes a command's proofs of work on as heartbeats, and notices when none arrives for longer than the stale timeout.
 *
 * A heartbeat within the interval is written after the proof, so this runner mostly notices a stall before any contender may take over. It does not
 * if the command has sent its heartbeats itself, or has never given a proof: then a contender may be first, by up to one period.
 */
export class StallWatch {
  readonly #options: StallWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #provenAt = systemClock.monotonic();
  #checkedAt = systemClock.monotonic();
  #state: 'watching' | 'stalled' | 'ending' = 'watching';
  #complaint: string | null = null;

  constructor(options: StallWatchOptions) {
    this.#options = options;
    const { staleTimeout, heartbeatInterval } = options;
    const often = Math.min(heartbeatInterval / 2, staleTimeout / 8, LONGEST_PERIOD);
    const period = Math.max(often, SHORTEST_PERIOD);
    this.#timer = setInterval(() => void this.#check(period), period).unref();
  }

  /** Called when the command has shown that it is at work. */
  prove(): void {
    this.#provenAt = systemClock.monotonic();
    if (this.#state === 'stalled') this.#state = 'watching';
    this.#beat();
  }

  /** Milliseconds since the last proof. */
  get silence(): number {
    return systemClock.monotonic() - this.#provenAt;
  }

  /** Whether it has stalled, and gave no proof since. */
  get isStalled(): boolean {
    return this.#state === 'stalled';
  }

  /** The command is being ended. That counts as work too: nobody else may begin before it is done. */
  keepForTheEnd(): void {
    this.#state = 'ending';
    this.#beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(period: number): Promise<void> {
    const now = systemClock.monotonic();
    const isLate = now - this.#checkedAt > period + LATE;
    this.#checkedAt = now;
    if (this.#state === 'ending') return this.#beat();
    const { check, staleTimeout, onStall } = this.#options;
    try {
      const silence = await check(this);
      if (silence <= staleTimeout) {
        if (this.#state === 'stalled') this.#state = 'watching';
      } else if (!isLate && this.#state === 'watching') {
        this.#state = 'stalled';
        onStall(silence);
      }
    } catch (error) {
      this.complain(error);
    }
  }

  #beat(): void {
    this.#options.lock?.heartBeat().then(
      () => {
        this.#complaint = null;
      },
      // The lock's own signal reports a loss.
      (error) => error instanceof ErrLockLost || this.complain(error),
    );
  }

  /** Reports a failure once, until a heartbeat succeeds again. */
  complain(error: unknown): void {
    const complaint = messageOf(error);
    if (complaint !== this.#complaint) say(complaint);
    this.#complaint = complaint;
  }
}
