import { callEvery } from '../calls/repeated-call.js';
import { ErrLockStore } from '../errors.js';
import type { LeaseEvent } from './lease-machine.js';
import type { LockParts } from './lock-parts.js';

/** The lock whose lease is monitored. */
type Monitored = Pick<LockParts, 'name' | 'token' | 'store' | 'clock' | 'staleTimeout'>;

/** Where the monitor reports to. */
interface LeaseView {
  /** When the last confirmed heartbeat was sent, on the monotonic clock; `null` once the lease is over. */
  confirmedAt(): number | null;
  tell(event: LeaseEvent): void;
}

/** With these, Redis and PostgreSQL refuse writes to a replica, or to a primary that has become one. */
const DEMOTED: ReadonlySet<string> = new Set(['READONLY', '25006']);

/** How often the store is asked between heartbeats, in milliseconds. */
const SHORTEST_PERIOD = 1000;
const LONGEST_PERIOD = 30_000;
/** How long before the deadline the store is asked once more, in milliseconds; or as a fraction of the stale timeout if that is less. */
const LONGEST_MARGIN = 5000;
const MARGIN = 1 / 10;

/**
 * Between heartbeats, tells a lease what the store says and what time it is. It only reads: it is no proof of work.
 *
 * All times are on the monotonic clock and count from before a heartbeat was sent, so that the holder learns of a loss before anyone else may act.
 */
export class LeaseMonitor {
  readonly #lock: Monitored;
  readonly #lease: LeaseView;
  readonly #period: number;
  readonly #stopCalling: () => void;
  /** Whether an answer is pending, to a read or to a heartbeat. */
  #isAsking = false;
  #isBeating = false;
  #isNearDeadline = false;
  #hasEnded = false;
  /** Created only when needed: to create and abort one takes a twentieth of acquire and release. */
  #sleepNoMore: AbortController | undefined;

  constructor(lock: Monitored, lease: LeaseView) {
    this.#lock = lock;
    this.#lease = lease;
    this.#period = Math.min(Math.max(lock.staleTimeout / 4, SHORTEST_PERIOD), LONGEST_PERIOD);
    // First, as the clock may fail.
    this.#awaitDeadline();
    this.#stopCalling = callEvery(this.#period, lock.clock, () => this.#tick());
  }

  /** A heartbeat was sent; its answer is pending. */
  heartbeatSent(): void {
    this.#isBeating = true;
  }

  heartbeatAnswered(): void {
    this.#isBeating = false;
  }

  /**
   * A heartbeat could not be written. That does not mean that the lock is lost, because the disk may be full.
   * Near the deadline, and after it, the store is asked at once.
   */
  heartbeatFailed(error: unknown): void {
    this.#isBeating = false;
    if (error instanceof ErrLockStore && DEMOTED.has(error.code))
      this.#lease.tell({ type: 'demoted', at: this.#lock.clock.monotonic(), cause: error });
    if (this.#left <= this.#margin) this.#ask();
  }

  end(): void {
    this.#hasEnded = true;
    this.#sleepNoMore?.abort();
    this.#stopCalling();
  }

  #tick(): void {
    this.#tellTime(this.#isAsking);
    this.#ask();
    this.#awaitDeadline();
  }

  #ask(): void {
    if (!this.#isAsking && !this.#hasEnded) void this.#read();
  }

  async #read(): Promise<void> {
    const { name, token, store, clock } = this.#lock;
    this.#isAsking = true;
    const askedAt = clock.monotonic();
    try {
      const stored = await store.read(name);
      if (stored?.record?.token === token) {
        this.#lease.tell({ type: 'confirmed', beatAt: beatAt(askedAt, stored.age) });
      } else {
        this.#lease.tell({ type: 'gone', successor: stored?.record ?? null, toldTo: 'others' });
      }
    } catch (error) {
      // The next heartbeat reports it to the job.
      this.#lease.tell({ type: 'unanswered', at: clock.monotonic(), cause: error });
    } finally {
      this.#isAsking = false;
    }
  }

  #awaitDeadline(): void {
    const left = this.#left;
    // Ticks come late, or a little early, and one of them must fall into the time before the deadline.
    if (left > 0 && left <= 2 * this.#period && !this.#isNearDeadline) void this.#passDeadline();
  }

  /** Asks shortly before the deadline, and needs the answer by then. */
  async #passDeadline(): Promise<void> {
    this.#isNearDeadline = true;
    try {
      await this.#sleepUntil(this.#margin);
      this.#ask();
      // After oversleeping, the store has had no time to answer; then the next tick is soon enough.
      if (this.#left <= 0) return this.#tellTime(false);
      await this.#sleepUntil(0);
      // Answers that arrived while the process was busy are handled first.
      await this.#lock.clock.sleep(0, { ref: false });
      if (this.#left <= 0) this.#tellTime(this.#isAsking || this.#isBeating);
    } catch {
      // The clock refuses to sleep. The next heartbeat finds the loss too.
    } finally {
      this.#isNearDeadline = false;
    }
  }

  /** @param isSilent Whether an answer should have come by now. */
  #tellTime(isSilent: boolean): void {
    const at = this.#lock.clock.monotonic();
    this.#lease.tell(isSilent ? { type: 'unanswered', at } : { type: 'time', at });
  }

  /** Until this many milliseconds before the deadline, which heartbeats may postpone meanwhile. */
  async #sleepUntil(margin: number): Promise<void> {
    this.#sleepNoMore ??= new AbortController();
    const { signal } = this.#sleepNoMore;
    while (!this.#hasEnded) {
      // Read once: between two readings it may have passed.
      const left = this.#left - margin;
      if (left <= 0) return;
      await this.#lock.clock.sleep(left, { ref: false, signal });
    }
  }

  get #margin(): number {
    return Math.min(this.#lock.staleTimeout * MARGIN, LONGEST_MARGIN);
  }

  /** Milliseconds until others may take over; 0 once the lease is over. */
  get #left(): number {
    const confirmedAt = this.#lease.confirmedAt();
    return confirmedAt === null ? 0 : confirmedAt + this.#lock.staleTimeout - this.#lock.clock.monotonic();
  }
}

/**
 * Others may send heartbeats for the holder, as `livinglock beat` does. The age was true after the question, so the heartbeat was not before this.
 * An age of 0 says nothing: the heartbeat may lie in the future, because the store's clock was set back.
 */
function beatAt(askedAt: number, age: number): number | null {
  return age > 0 ? askedAt - age : null;
}
