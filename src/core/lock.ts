import type { Clock } from '../system/clock.js';
import { callOnExit } from '../system/exit.js';
import type { ProcessIdentity } from '../system/processes/process-identity.js';
import type { ProcessTable } from '../system/processes/process-table.js';
import { isStillRunning } from '../system/processes/still-running.js';
import { ErrLockLost, type Silence } from './errors.js';
import { LossWatch } from './loss-watch.js';
import { show } from './options.js';
import { fitText, type LockRecord, MAX_WORKERS, type Progress } from './record.js';
import type { Outcome, Store } from './store.js';

/** What a job can say with a heartbeat; shown to whoever finds the lock busy. What is left out stays as it was. */
export interface HeartBeat {
  /** How much of the work is done, from 0 to 1. */
  readonly progress?: number | undefined;
  /** Where the work is. Cut at 512 bytes. */
  readonly note?: string | undefined;
}

/** A process by its PID, or the process group that a process leads: the child of a `spawn` with `detached: true`, and all that it starts. */
export type Worker = number | { readonly group: number };

/** What {@link Lock} is made of. */
export interface LockParts {
  readonly name: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly processes: ProcessTable;
  readonly token: string;
  readonly record: LockRecord;
  /** On the monotonic clock, before the claim: the first heartbeat must not seem younger than it is. */
  readonly claimedAt: number;
  readonly heartbeatMinimalInterval: number;
  readonly staleTimeout: number;
  readonly holdAtLeast: number;
}

/** Calls that do nothing share one promise, since some jobs make millions of them. */
const NOTHING = Promise.resolve();

/**
 * A lock that is held. Comes from `acquire`; cannot be made otherwise.
 *
 * @example
 * await using lock = await acquire('/var/lib/importer/nightly.lock');
 * for (const chunk of chunks) {
 *   await work(chunk);
 *   await lock.heartBeat();
 * }
 */
export class Lock {
  /** The lock's canonical name: for a file, its absolute path. */
  readonly name: string;
  /** Unique to this acquisition. */
  readonly token: string;
  /**
   * Greater than that of every earlier holder. Send it along with what the job writes elsewhere, and refuse there what
   * comes with a smaller one than was seen before: so a holder that was taken over cannot do harm however late it wakes up.
   * (Martin Kleppmann, "How to do distributed locking", 2016.)
   */
  readonly fencingToken: number;
  readonly acquiredAt: Date;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #processes: ProcessTable;
  readonly #interval: number;
  readonly #holdUntil: number;
  readonly #watch: LossWatch;
  readonly #stayOnExit: () => void;
  #state: 'held' | 'releasing' | 'released' | 'lost' = 'held';
  #beatAt: number;
  /** Made when someone asks for the signal; most jobs never do. */
  #loss: AbortController | undefined;
  #lost: ErrLockLost | undefined;
  #isLossReported = false;
  /** Whether the lock may still be this one's although it counts as lost, because its store has not answered. */
  #mayBeLeft = false;
  #isUnwanted = false;
  /** Whether a release has failed, which the store may have carried out all the same. */
  #mayBeReleased = false;
  #ratio: number | undefined;
  #note: string | undefined;
  #workers: readonly ProcessIdentity[] | undefined;
  #writing: Promise<void> | undefined;
  #endWriting: ((loss: ErrLockLost) => void) | undefined;
  #endReleasing: ((loss: ErrLockLost) => void) | undefined;
  #releasing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: LockParts) {
    this.name = parts.name;
    this.token = parts.token;
    this.fencingToken = parts.record.fencingToken ?? 0;
    this.acquiredAt = parts.record.acquiredAt ?? parts.record.timestamp;
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#processes = parts.processes;
    this.#interval = parts.heartbeatMinimalInterval;
    this.#holdUntil = parts.holdAtLeast > 0 ? parts.clock.monotonic() + parts.holdAtLeast : 0;
    this.#beatAt = parts.claimedAt;
    this.#stayOnExit = callOnExit(() => this.#removeAtExit());
    this.#watch = new LossWatch(parts, {
      lost: (successor, silence) => this.#believe(successor, silence),
      held: () => {
        if (this.#isUnwanted) this.release().catch(() => {});
      },
    });
  }

  /**
   * Aborts when the lock is lost, with the {@link ErrLockLost} as its reason. Pass it to `fetch`, streams and timers, and
   * what the job has begun ends with its right to do it. It aborts at a heartbeat, or within 30 seconds without one; where the
   * store does not answer any more, `staleTimeout` after the last heartbeat that it has confirmed, before anyone can take over.
   */
  get signal(): AbortSignal {
    if (this.#loss === undefined) {
      this.#loss = new AbortController();
      if (this.#lost !== undefined) this.#loss.abort(this.#lost);
    }
    return this.#loss.signal;
  }

  /**
   * Proof of work: call it at every checkpoint, as often as you like. Within `heartbeatMinimalInterval` of the last one
   * that was written it does nothing. With the file store the heartbeat is in the file when the call returns, awaited or not.
   * In a loop that never yields, a `.catch()` on each call keeps a little memory until the loop ends: beat every so many rounds.
   *
   * After `release()` it does nothing. Rejects with {@link ErrLockLost} if the lock was lost; with {@link ErrLockStore} if
   * the heartbeat could not be written, in which case the lock is still held, until `staleTimeout`, and the next call tries again; with a
   * `TypeError` or `RangeError` for a progress or note that is none, or for anything but an object with these.
   */
  heartBeat(update?: HeartBeat): Promise<void> {
    if (update !== undefined) {
      try {
        this.#remember(update);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.#lost !== undefined) return this.#reportLoss(this.#lost);
    if (this.#state !== 'held') return NOTHING;
    if (this.#clock.monotonic() - this.#beatAt < this.#interval) return NOTHING;
    return this.#writing ?? this.#write();
  }

  /**
   * Names the processes, up to four, that do the work for this one, such as a `pg_dump` that it has started: should this
   * process end in whatever way while they go on, the lock still counts as held by the living. Replaces those named before; `[]` for none.
   *
   * With `{ group }` it is a whole process group, which lives as long as anything in it does. Windows has none; there it is the process alone.
   *
   * Written at once, as a heartbeat. Rejects as {@link heartBeat} does; with a `RangeError` for a PID that no process has, for a group of
   * which nothing is left, and for group 1.
   *
   * @example
   * const dump = spawn('./dump.sh', { detached: true });
   * await lock.setWorkers([{ group: dump.pid }]);
   */
  async setWorkers(workers: readonly Worker[]): Promise<void> {
    this.#workers = this.#identify(workers);
    // What is being written just now has begun without them.
    while (this.#writing !== undefined) await this.#writing.catch(() => {});
    if (this.#lost !== undefined) return this.#reportLoss(this.#lost);
    if (this.#state === 'held') await this.#write();
  }

  /**
   * Gives the lock up, so that the next contender gets it at once, or when `holdAtLeast` is over. Safe to call again. Rejects with {@link ErrLockLost} if
   * the lock had been lost, because then the work was not exclusive; with {@link ErrLockStore} if it could not be
   * removed, in which case it is still held and the next call tries again.
   */
  release(): Promise<void> {
    if (this.#lost !== undefined) {
      if (this.#mayBeLeft) this.#removeQuietly();
      return this.#reportLoss(this.#lost);
    }
    if (this.#state === 'released') return NOTHING;
    this.#releasing ??= this.#remove().finally(() => {
      this.#releasing = undefined;
    });
    return this.#releasing;
  }

  /**
   * `release()` for `await using`, except that it does not repeat an {@link ErrLockLost} with which `heartBeat()` or
   * `release()` has rejected: two errors at the end of a block would become one `SuppressedError`, which is no `ErrLockLost`.
   */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isLossReported) return this.releaseForGood();
    if (this.#mayBeLeft) this.#removeQuietly();
    return NOTHING;
  }

  /**
   * `release()` by who will never call again: if the lock cannot be removed just now, it is tried again from time to time for as
   * long as the process lives. Or a process that works on would keep itself out until `staleTimeout`.
   *
   * @internal
   */
  async releaseForGood(): Promise<void> {
    this.#isUnwanted = true;
    await this.release();
  }

  #remember(update: HeartBeat): void {
    if (typeof update !== 'object' || update === null || Array.isArray(update)) {
      throw new TypeError(
        `A heartbeat of ${this.name} can be given an object such as { progress: 0.4 }, but not ${show(update)}.`,
      );
    }
    const { progress, note } = update;
    checkProgress(progress, note);
    if (progress !== undefined) this.#ratio = progress;
    if (note !== undefined) this.#note = note;
  }

  #identify(workers: readonly Worker[]): ProcessIdentity[] {
    if (!Array.isArray(workers)) {
      throw new TypeError(
        'The workers of a lock must be an array of PIDs, and of objects such as { group: 4243 }.',
      );
    }
    if (workers.length > MAX_WORKERS) {
      throw new RangeError(`A lock can name at most ${MAX_WORKERS} workers, not ${workers.length}.`);
    }
    return workers.map((worker: Worker) => {
      const isGroup = typeof worker === 'object' && worker !== null;
      const pid = isGroup ? worker.group : worker;
      if (!Number.isSafeInteger(pid) || pid <= 0)
        throw new RangeError(`A PID is a positive integer, not ${show(pid)}.`);
      // To kill(2) its negative means all processes.
      if (isGroup && pid === 1) throw new RangeError('Process group 1 is not one that a job starts.');
      const identity = this.#processes.identify(pid, isGroup);
      if (identity !== null) return this.#firstKnown(identity);
      throw new RangeError(
        isGroup ? `There is no process group ${pid}.` : `There is no process with the PID ${pid}.`,
      );
    });
  }

  /** When a group began can be learnt only as long as its leader is there. */
  #firstKnown(identity: ProcessIdentity): ProcessIdentity {
    const isSame = ({ pid, group }: ProcessIdentity) => pid === identity.pid && group === identity.group;
    return identity.started === null ? (this.#workers?.find(isSame) ?? identity) : identity;
  }

  #progress(): Progress | undefined {
    if (this.#ratio === undefined && this.#note === undefined) return undefined;
    return { ratio: this.#ratio ?? null, note: this.#note === undefined ? null : fitText(this.#note) };
  }

  /** Settles in place when the store answers in place: in a loop that never yields, no promise would ever be resolved. */
  #write(): Promise<void> {
    const beatAt = this.#clock.monotonic();
    try {
      const outcome = this.#store.beat(this.name, this.token, {
        progress: this.#progress(),
        workers: this.#workers,
      });
      if (!(outcome instanceof Promise)) return this.#settle(outcome, beatAt);
      this.#writing = this.#unlessLost(outcome, beatAt).finally(() => {
        this.#writing = undefined;
        this.#endWriting = undefined;
      });
      return this.#writing;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Does not wait any longer for a store that does not answer than the lock is held. */
  #unlessLost(outcome: Promise<Outcome>, beatAt: number): Promise<void> {
    this.#watch.expect();
    return new Promise((resolve, reject) => {
      this.#endWriting = (loss) => {
        this.#isLossReported = true;
        reject(loss);
      };
      outcome
        .then(
          (later) => this.#settle(later, beatAt),
          (error) => this.#fail(error),
        )
        .then(resolve, reject);
    });
  }

  #settle(outcome: Outcome, beatAt: number): Promise<void> {
    if (!outcome.done) {
      // A release that was already under way has taken the lock away from under this heartbeat; nobody else has.
      return this.#state === 'held' ? this.#reportLoss(this.#lose(outcome.found)) : NOTHING;
    }
    this.#beatAt = beatAt;
    this.#watch.confirm(beatAt);
    return NOTHING;
  }

  #fail(error: unknown): Promise<never> {
    this.#watch.fail();
    return this.#lost === undefined ? Promise.reject(error) : this.#reportLoss(this.#lost);
  }

  #reportLoss(loss: ErrLockLost): Promise<never> {
    this.#isLossReported = true;
    return Promise.reject(loss);
  }

  async #remove(): Promise<void> {
    this.#state = 'releasing';
    let outcome: Outcome;
    try {
      const removal = this.#store.remove(this.name, this.token, this.#hold());
      outcome = removal instanceof Promise ? await this.#unlessSilent(removal) : removal;
    } catch (error) {
      if (this.#lost !== undefined) return this.#reportLoss(this.#lost);
      this.#state = 'held';
      this.#mayBeReleased = true;
      throw error;
    }
    if (!outcome.done) return this.#reportLoss(this.#lose(outcome.found));
    this.#state = 'released';
    this.#end();
  }

  /** Does not wait any longer than the lock is held either. */
  #unlessSilent(removal: Promise<Outcome>): Promise<Outcome> {
    const silent = new Promise<never>((_, reject) => {
      this.#endReleasing = reject;
    });
    return Promise.race([removal, silent]);
  }

  /** For how long it is to be held after the release, in milliseconds. */
  #hold(): number | undefined {
    if (this.#holdUntil === 0) return undefined;
    const left = this.#holdUntil - this.#clock.monotonic();
    return left > 0 ? left : undefined;
  }

  /** What the watch has found. */
  #believe(successor: LockRecord | null, silence: Silence | undefined): void {
    const isOurs = this.#state === 'held' || (this.#state === 'releasing' && silence !== undefined);
    if (!isOurs) return;
    if (silence !== undefined || !this.#mayBeReleased) this.#lose(successor, silence);
    // Gone by its own release, maybe, whose answer was lost. The store knows.
    else this.release().catch(() => {});
  }

  #lose(successor: LockRecord | null, silence?: Silence): ErrLockLost {
    const error = new ErrLockLost(this.name, successor, silence);
    this.#lost = error;
    this.#mayBeLeft = silence !== undefined;
    this.#state = 'lost';
    this.#end();
    if (silence !== undefined) {
      this.#endWriting?.(error);
      this.#endReleasing?.(error);
    }
    this.#loss?.abort(error);
    return error;
  }

  #end(): void {
    this.#watch.end();
    this.#stayOnExit();
  }

  /** The work may outlive this process. */
  #removeAtExit(): void {
    const isAtWork = this.#workers?.some((worker) => isStillRunning(worker, this.#processes));
    if (isAtWork !== true) this.#removeQuietly();
  }

  /** At the exit of the process only a store that answers in place can do it; with others the next contender finds a dead holder. */
  #removeQuietly(): void {
    this.#mayBeLeft = false;
    try {
      const outcome = this.#store.remove(this.name, this.token, this.#hold());
      if (outcome instanceof Promise) outcome.catch(() => {});
    } catch {
      // As above.
    }
  }
}

function checkProgress(progress: unknown, note: unknown): void {
  if (progress !== undefined) {
    if (typeof progress !== 'number') {
      throw new TypeError(`The progress of a heartbeat must be a number, but is ${typeof progress}.`);
    }
    if (!(progress >= 0 && progress <= 1)) {
      throw new RangeError(`The progress of a heartbeat must be from 0 to 1, but is ${progress}.`);
    }
  }
  if (note !== undefined && typeof note !== 'string') {
    throw new TypeError(`The note of a heartbeat must be a string, but is ${typeof note}.`);
  }
}
