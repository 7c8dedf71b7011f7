import type { Clock } from '../system/clock.js';
import { callEvery } from './call-every.js';
import type { Silence } from './errors.js';
import type { LockRecord } from './record.js';
import type { Store } from './store.js';

/** The lock that is watched. */
export interface Watched {
  readonly name: string;
  readonly token: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly staleTimeout: number;
  /** On the monotonic clock, before the claim. */
  readonly claimedAt: number;
}

/** What the watch finds. */
export interface Findings {
  /** Who holds the lock now; or for how long nothing has been known of it. */
  lost(successor: LockRecord | null, silence?: Silence): void;
  held(): void;
}

/** How often the loss of the lock is looked for between heartbeats, in milliseconds. */
const SHORTEST_PERIOD = 1000;
const LONGEST_PERIOD = 30_000;
/** How long before the deadline the store is asked once more, in milliseconds, or as a part of the stale timeout if that is less. */
const LONGEST_MARGIN = 5000;
const MARGIN = 1 / 10;

/**
 * Finds out between heartbeats that a lock is lost. It only reads: it is no proof of work.
 *
 * From `staleTimeout` after the last confirmed heartbeat on, others may take the lock over. As long as its store answers, it says
 * whether one has. If it does not answer when that moment comes, or later, the lock counts as lost, because nobody can tell.
 * Both are by the monotonic clock, from before the heartbeat was sent: so that the holder knows before anyone else may act.
 */
export class LossWatch {
  readonly #watched: Watched;
  readonly #findings: Findings;
  readonly #period: number;
  readonly #stopCalling: () => void;
  #confirmedAt: number;
  /** What is wrong with the store, since it has answered last. */
  #trouble: { readonly cause: unknown } | null = null;
  #isLooking = false;
  #isBeating = false;
  #isNearDeadline = false;
  #hasEnded = false;
  #sleepNoMore: AbortController | undefined;

  constructor(watched: Watched, findings: Findings) {
    this.#watched = watched;
    this.#findings = findings;
    this.#confirmedAt = watched.claimedAt;
    this.#period = Math.min(Math.max(watched.staleTimeout / 4, SHORTEST_PERIOD), LONGEST_PERIOD);
    this.#stopCalling = callEvery(this.#period, watched.clock, () => this.#tick());
    this.#mindDeadline();
  }

  /** A heartbeat has been sent, whose answer is to come. */
  expect(): void {
    this.#isBeating = true;
  }

  /** The heartbeat that was sent at that time of the monotonic clock is there. */
  confirm(sentAt: number): void {
    this.#confirmedAt = sentAt;
    this.#isBeating = false;
    this.#trouble = null;
  }

  /**
   * A heartbeat could not be written. That says nothing of whose the lock is, for which there may be other reasons, such as a full disk:
   * near the deadline, and after it, the store is asked at once.
   */
  fail(): void {
    this.#isBeating = false;
    if (this.#left <= this.#margin && !this.#isLooking && !this.#hasEnded) void this.#look();
  }

  end(): void {
    this.#hasEnded = true;
    this.#sleepNoMore?.abort();
    this.#stopCalling();
  }

  #tick(): void {
    if (this.#isLooking) this.#suspect(this.#trouble?.cause);
    else this.#loseAfterDeadline();
    if (this.#hasEnded) return;
    if (!this.#isLooking) void this.#look();
    this.#mindDeadline();
  }

  async #look(): Promise<void> {
    const { name, token, store, clock } = this.#watched;
    this.#isLooking = true;
    const askedAt = clock.monotonic();
    try {
      const stored = await store.read(name);
      if (this.#hasEnded) return;
      this.#trouble = null;
      if (stored?.record?.token === token) {
        this.#learn(askedAt, stored.age);
        this.#findings.held();
      } else {
        this.#findings.lost(stored?.record ?? null);
      }
    } catch (error) {
      // The next heartbeat says so to the job.
      this.#suspect(error);
    } finally {
      this.#isLooking = false;
    }
  }

  /**
   * Others may beat for the holder, as `livinglock beat` does. The age was true after the question, so the heartbeat was not before this.
   * An age of 0 says nothing: the heartbeat may be of a time that is still to come, since the store's clock was set back.
   */
  #learn(askedAt: number, age: number): void {
    if (age > 0) this.#confirmedAt = Math.max(this.#confirmedAt, askedAt - age);
  }

  #mindDeadline(): void {
    const left = this.#left;
    // Ticks come late, or a little early, and one of them must fall into the time before.
    if (left > 0 && left <= 2 * this.#period && !this.#isNearDeadline) void this.#liveThroughDeadline();
  }

  /** Asks shortly before the deadline, and needs the answer by then. */
  async #liveThroughDeadline(): Promise<void> {
    const { clock } = this.#watched;
    this.#isNearDeadline = true;
    try {
      await this.#sleepUntil(this.#margin);
      if (!this.#isLooking) void this.#look();
      // Who wakes up too late has not given the store the time to answer; then the next tick is soon enough.
      if (this.#left <= 0) {
        this.#loseAfterDeadline();
        return;
      }
      await this.#sleepUntil(0);
      // What has come in while the process was busy is read first.
      await clock.sleep(0, { ref: false });
      if (this.#left > 0) return;
      if (this.#isLooking || this.#isBeating) this.#suspect(this.#trouble?.cause);
      else this.#loseAfterDeadline();
    } catch {
      // The clock does not let anyone sleep. The next heartbeat finds the loss too.
    } finally {
      this.#isNearDeadline = false;
    }
  }

  /** Until so many milliseconds before a deadline that heartbeats may put off meanwhile. */
  async #sleepUntil(margin: number): Promise<void> {
    this.#sleepNoMore ??= new AbortController();
    const { signal } = this.#sleepNoMore;
    while (!this.#hasEnded && this.#left > margin) {
      await this.#watched.clock.sleep(this.#left - margin, { ref: false, signal });
    }
  }

  get #margin(): number {
    return Math.min(this.#watched.staleTimeout * MARGIN, LONGEST_MARGIN);
  }

  /** Milliseconds until others may take over. */
  get #left(): number {
    return this.#confirmedAt + this.#watched.staleTimeout - this.#watched.clock.monotonic();
  }

  #suspect(cause: unknown): void {
    this.#trouble = { cause };
    this.#loseAfterDeadline();
  }

  #loseAfterDeadline(): void {
    if (this.#hasEnded || this.#trouble === null || this.#left > 0) return;
    const since = this.#watched.clock.monotonic() - this.#confirmedAt;
    this.#findings.lost(null, { since, cause: this.#trouble.cause });
  }
}
