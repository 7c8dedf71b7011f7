import { callOnExit } from '../../system/on-exit.js';
import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import { isWorthAnotherTry, takeBackLater } from '../acquire/claims-in-doubt.js';
import type { Predecessor } from '../acquire/predecessor.js';
import { answerTo, Pending } from '../calls/maybe-async.js';
import type { ErrLockLost } from '../errors.js';
import { HolderEvents } from '../events/holder-events.js';
import type { Progress } from '../record/record.js';
import type { Outcome } from '../store.js';
import { HeartbeatThrottle } from './heartbeat-throttle.js';
import { type Effect, type Lease, type LeaseEvent, newLease, transition } from './lease-machine.js';
import { LeaseMonitor } from './lease-monitor.js';
import type { LockParts } from './lock-parts.js';
import { LossNotice } from './loss-notice.js';
import { fitProgress, type HeartBeat, progressAfter } from './progress.js';
import { refusalIn } from './refusal.js';
import { Removal } from './removal.js';
import { identifyWorkers, type Worker } from './workers.js';

/** Calls that do nothing share one promise, because some jobs make millions of them. */
const DONE = Promise.resolve();

/**
 * A lock that is held. Only `acquire`, `withLock` and `tryWithLock` create one.
 *
 * In a file or in SQLite, a lock that is still held when the process ends is released then, even after an exception or a signal. After SIGKILL, or
 * a signal before the event loop has turned, the next contender finds a dead holder.
 */
export class Lock {
  /** The lock's canonical name: for a file, its absolute path, with symbolic links to its folder resolved. */
  readonly name: string;
  /** Unique to this acquisition. */
  readonly token: string;
  /**
   * Greater than that of every earlier holder. Send it with every write to another system, and let that system refuse
   * any token smaller than one it has seen. Then a holder that was taken over cannot do harm, however late it wakes up.
   * (Martin Kleppmann, "How to do distributed locking", 2016.)
   */
  readonly fencingToken: number;
  /** By the clock of the store. */
  readonly acquiredAt: Date;
  /** From whom it was taken over, and how far that run had got (`lock.predecessor?.record?.progress`). `null` if the lock was free, unless `terminateStalled` had ended its holder. */
  readonly predecessor: Predecessor | null;
  readonly #parts: LockParts;
  readonly #events: HolderEvents;
  readonly #removal: Removal;
  readonly #monitor: LeaseMonitor;
  readonly #throttle: HeartbeatThrottle;
  readonly #stayOnExit: () => void;
  #lease: Lease;
  readonly #notice: LossNotice = new LossNotice({
    lost: () => (this.#lease.is === 'lost' ? this.#lease : null),
    reported: () => this.#apply({ type: 'reported' }),
  });
  #progress: Progress | undefined;
  #workers: readonly ProcessIdentity[] | undefined;
  /** The write that calls are waiting for. */
  #writing: Pending<void> | undefined;
  #removing: Pending<void> | undefined;

  /** @internal */
  constructor(parts: LockParts) {
    const { record } = parts;
    this.name = parts.name;
    this.token = parts.token;
    this.fencingToken = record.fencingToken ?? 0;
    this.acquiredAt = record.acquiredAt ?? record.timestamp;
    this.predecessor = parts.predecessor;
    this.#parts = parts;
    this.#events = new HolderEvents(parts);
    this.#removal = new Removal(parts, this.#events);
    this.#lease = newLease(parts.claimedAt);
    const confirmedAt = () => ('confirmedAt' in this.#lease ? this.#lease.confirmedAt : null);
    this.#monitor = new LeaseMonitor(parts, { confirmedAt, tell: (event) => this.#apply(event) });
    this.#throttle = new HeartbeatThrottle(parts, { confirmedAt, write: () => this.#writeLate() });
    // After the monitor, whose clock may fail.
    this.#stayOnExit = callOnExit(() => this.#removal.sendAtExit(this.#workers));
    this.#events.acquired();
  }

  /**
   * Aborts when the lock is lost, with the {@link ErrLockLost} as its reason. Pass it to `fetch`, streams and timers, so that
   * they end when the lock does. It aborts at a heartbeat, or when the store is read in between: every quarter of `staleTimeout`, but not
   * more often than every second, and at least every 30 seconds. If the store no longer answers, it aborts `staleTimeout` after the last
   * confirmed heartbeat, before anyone can take over.
   */
  get signal(): AbortSignal {
    return this.#notice.signal;
  }

  /**
   * Proof of work: call it at every checkpoint, as often as you like. Within `heartbeatMinimalInterval` of the last heartbeat written it only
   * remembers the call, and writes it when the interval is over and the event loop is free. Otherwise it writes at once: with the file store,
   * the heartbeat is in the file when the call returns, awaited or not. While another heartbeat is being written, which takes a database some time, it
   * resolves with that one, and its own progress and note follow with the next.
   *
   * In a loop that never yields, a `.catch()` on each call uses a little memory until the loop ends, so send one only every few hundred iterations.
   *
   * Await it. If nobody does, a loss is not an unhandled rejection: {@link signal} aborts, `release()` and `withLock` reject with the loss, and if
   * nobody has asked for the signal, Node prints a warning. See `docs/heartbeats.md`.
   *
   * After `release()` it does nothing. Rejects with {@link ErrLockLost} if the lock was lost; with {@link ErrLockStore} if
   * the heartbeat could not be written (the lock is then still held, until `staleTimeout`, and the next call tries again); with a
   * `TypeError` or `RangeError` for a progress or note of the wrong type or range.
   */
  heartBeat(update?: HeartBeat): Promise<void> {
    if (update !== undefined) {
      try {
        this.#progress = progressAfter(update, this.#progress, this.name);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const lease = this.#lease;
    if (lease.is !== 'held') return this.#beatAnswer(this.#answer());
    const isEarly = this.#throttle.isEarly(lease.confirmedAt);
    if (isEarly || this.#writing !== undefined) this.#throttle.remember();
    if (isEarly) return DONE;
    return this.#beatAnswer(this.#writing?.promise ?? this.#write());
  }

  /**
   * Names up to four processes that do the work for this one, such as a `pg_dump` that it started. If this process ends in
   * any way while they are still running, they still hold the lock. Replaces the workers named before; `[]` names none.
   *
   * `{ group }` names a whole process group, which lives as long as any process in it does. On Windows, which has no groups, it names just that process.
   *
   * Written at once, as a heartbeat. Rejects as {@link heartBeat} does; with a `RangeError` for a PID that no process has, for a group with
   * no process left, and for group 1.
   *
   * @example
   * import { spawn } from 'node:child_process';
   *
   * const dump = spawn('./dump.sh', { detached: true });
   * if (dump.pid !== undefined) await lock.setWorkers([{ group: dump.pid }]);
   */
  async setWorkers(workers: readonly Worker[]): Promise<void> {
    this.#workers = identifyWorkers(workers, this.#workers ?? [], this.#parts.processes);
    // A write that has already started does not contain them.
    while (this.#writing !== undefined) await this.#writing.promise.catch(() => {});
    return this.#notice.reporting(this.#lease.is === 'held' ? this.#write() : this.#answer());
  }

  /**
   * Releases the lock: the next contender gets it at once, or when `holdAtLeast` is over. Safe to call again. Rejects with {@link ErrLockLost} if
   * the lock was lost before, because then the work was not exclusive; with {@link ErrLockStore} if it could not be
   * removed (the lock is then still held, and the next call tries again).
   */
  release(): Promise<void> {
    return this.#notice.reporting(this.#release());
  }

  #release(): Promise<void> {
    if (this.#removing !== undefined) return this.#removing.promise;
    this.#apply({ type: 'release' });
    return this.#lease.is === 'releasing' ? this.#remove() : this.#answer();
  }

  /**
   * `release()` for `await using`, except that it does not repeat an {@link ErrLockLost} with which `heartBeat()` or
   * `release()` already rejected: two errors at the end of a block would become one `SuppressedError`, which is not an `ErrLockLost`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const isReported = this.#lease.is === 'lost' && this.#lease.isReported;
    const released = this.releaseForGood();
    await (isReported ? released.catch(() => {}) : released);
  }

  /**
   * `release()` by a caller who will not call it again: if the lock cannot be removed now, that is retried regularly for as
   * long as the process lives. Otherwise a process that goes on working would lock itself out until `staleTimeout`.
   *
   * @internal
   */
  releaseForGood(): Promise<void> {
    this.#apply({ type: 'unwanted' });
    return this.release();
  }

  #apply(event: LeaseEvent): void {
    const { lease, effects } = transition(this.#lease, event, this.#parts);
    this.#lease = lease;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect) {
      case 'end':
        this.#monitor.end();
        this.#throttle.end();
        this.#stayOnExit();
        this.#events.ended(this.#lease);
        return;
      case 'interrupt':
        this.#interrupt();
        return;
      case 'abort':
        this.#notice.abort();
        return;
      case 'release':
        this.#release().catch(() => {});
        return;
      case 'remove':
        this.#removal.sendQuietly();
        takeBackLater(this.#parts, this.token, true, this.#removal.replaced);
        return;
    }
  }

  #interrupt(): void {
    this.#writing?.settle(this.#answer());
    this.#removing?.settle(this.#answer());
    this.#writing = undefined;
    this.#removing = undefined;
  }

  #beatAnswer(answer: Promise<void>): Promise<void> {
    return answer === DONE ? answer : this.#notice.toBeat(answer);
  }

  /** The result of a call that has nothing to do, or is done. */
  #answer(): Promise<void> {
    return this.#notice.rejection ?? DONE;
  }

  /** A failure is not reported: the next heartbeat tries again. */
  #writeLate(): void {
    if (this.#writing === undefined && this.#lease.is === 'held') this.#write(true).catch(() => {});
  }

  #write(isLate = false): Promise<void> {
    const { store, clock } = this.#parts;
    const sentAt = clock.monotonic();
    this.#throttle.sent(isLate);
    const beat = { progress: fitProgress(this.#progress), workers: this.#workers };
    const written = answerTo(
      () => store.beat(this.name, this.token, beat),
      (outcome) => this.#settleBeat(outcome, sentAt),
      (error) => this.#failBeat(error),
    );
    if (!(written instanceof Pending)) return written;
    this.#monitor.heartbeatSent();
    this.#writing = written;
    return written.promise;
  }

  #settleBeat(outcome: Outcome, sentAt: number): Promise<void> {
    const refusal = refusalIn(outcome, this, 'write a heartbeat to the lock');
    if (refusal !== null) return this.#failBeat(refusal);
    this.#writing = undefined;
    this.#monitor.heartbeatAnswered();
    if (outcome.done) {
      this.#apply({ type: 'confirmed', beatAt: sentAt, writtenAt: this.#parts.clock.monotonic() });
      this.#throttle.succeeded();
      this.#events.heartbeatWritten(outcome.record, sentAt);
      return this.#answer();
    }
    // A release in flight has already removed the lock under this heartbeat. A release in doubt is sent again to find out.
    const isReleasing = this.#lease.is === 'releasing';
    this.#apply({ type: 'gone', successor: outcome.found, toldTo: 'others' });
    return isReleasing ? DONE : (this.#removing?.promise ?? this.#answer());
  }

  #failBeat(error: unknown): Promise<void> {
    this.#writing = undefined;
    this.#monitor.heartbeatFailed(error);
    this.#throttle.failed();
    return this.#lease.is === 'lost' ? this.#answer() : Promise.reject(error);
  }

  #remove(): Promise<void> {
    const removed = answerTo(
      () => this.#removal.send(),
      (outcome) => this.#settleRemoval(outcome),
      (error) => this.#failRemoval(error),
    );
    if (!(removed instanceof Pending)) return removed;
    this.#removing = removed;
    return removed.promise;
  }

  #settleRemoval(outcome: Outcome): Promise<void> {
    const refusal = refusalIn(outcome, this, 'release the lock');
    if (refusal !== null) return this.#failRemoval(refusal);
    this.#removing = undefined;
    this.#apply(
      outcome.done ? { type: 'released' } : { type: 'gone', successor: outcome.found, toldTo: 'release' },
    );
    return this.#answer();
  }

  /** It may have been carried out, with only the answer lost, so it is sent once more. */
  #failRemoval(error: unknown): Promise<void> {
    const isFirst = this.#lease.is === 'releasing' && !this.#lease.isReleaseInDoubt;
    this.#removing = undefined;
    this.#apply({ type: 'release-failed' });
    if (this.#lease.is === 'lost') return this.#answer();
    return isFirst && isWorthAnotherTry(error) ? this.#release() : Promise.reject(error);
  }
}
