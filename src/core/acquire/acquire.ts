import pRetry from 'p-retry';
import { isError } from '../../system/is-error.js';
import { isSameProcess } from '../../system/processes/process-identity.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import { type Examined, examine, processesOf, Tries } from '../assess/examine.js';
import { mayBeElsewhere } from '../assess/provenance.js';
import { type StoreCall, withCall } from '../calls/store-call.js';
import { formatDuration } from '../describe-holder.js';
import { ErrLockBusy, ErrLockStore, ErrNotALock, ErrTerminationFailed } from '../errors.js';
import { publishBusy, publishWaiting } from '../events/contention-events.js';
import { Lock } from '../held/lock.js';
import { type AcquireOptions, type DefaultStore, readOptions, type Settings } from '../options/options.js';
import { fitText, type LockRecord } from '../record/record.js';
import type { Claim, Stored } from '../store.js';
import { currentFolder, currentUser } from '../user-and-folder.js';
import { type Claimed, Claims } from './claims-in-doubt.js';
import { NOTHING, type Replaced, replacedIn } from './predecessor.js';
import { isOfOtherLock } from './token.js';

/** The delay between two attempts while waiting doubles from the first of these to the second, in milliseconds. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 500;

/** The last attempt begins at most this many milliseconds before `wait` is over, to be answered by then. */
const LONGEST_RESERVE = 100;
/** If the store has been silent for this many milliseconds when `wait` is over, its last answer no longer counts. */
const LONGEST_SILENCE = 1000;

/** After this many answers later than the stale timeout, the next is accepted: with such a slow store, the timeout cannot be kept. */
export const MOST_LATE = 10;

/**
 * Takes the lock of that name, in the store named in the options or in the default store. For the errors, see `stores/default-locks.ts`.
 */
export async function acquire(
  path: string,
  options: AcquireOptions,
  defaultStore: DefaultStore,
): Promise<Lock> {
  const settings = readOptions(options);
  return withCall(path, settings, defaultStore, (call) => new Contender(call, settings).acquire());
}

/** One call of `acquire`: the only place where store, judge, processes and clock meet. */
class Contender {
  readonly #call: StoreCall;
  readonly #settings: Settings;
  readonly #claims: Claims;
  /** On the monotonic clock. */
  readonly #calledAt: number;
  /** When the attempt under way began, on the monotonic clock; `null` between two attempts, when a pause of this process says nothing about the store. */
  #attemptedAt: number | null = null;
  /** How the one before ended. */
  #busy: ErrLockBusy | null = null;
  /** The stalled holder that was ended, if any. It may have released the lock at its end. */
  #endedHolder: Replaced = NOTHING;

  constructor(call: StoreCall, settings: Settings) {
    this.#call = call;
    this.#settings = settings;
    this.#claims = new Claims(call);
    this.#calledAt = call.clock.monotonic();
  }

  async acquire(): Promise<Lock> {
    const { wait } = this.#settings;
    try {
      return await (wait > 0 ? this.acquireWithin(wait) : this.acquireNow());
    } catch (error) {
      if (!(error instanceof ErrLockBusy)) throw error;
      const busy =
        wait > 0
          ? error.advising(
              `It did not become free within the \`wait\` of ${formatDuration(wait)}. Try again later, or wait longer.`,
            )
          : error;
      publishBusy(busy, this.#call.clock.monotonic() - this.#calledAt);
      throw busy;
    }
  }

  /**
   * Reads, judges, and claims exactly the version that was judged. If the lock changed meanwhile, judges again. Not private, as the bundle would shorten
   * its name, which stack traces show.
   */
  async acquireNow(): Promise<Lock> {
    const { name, clock } = this.#call;
    const tries = new Tries(name);
    for (let late = 0; ; ) {
      const { staleTimeout, owner } = this.#settings;
      const examined = await examine(this.#call, staleTimeout, owner);
      // A claim in doubt may have been carried out long ago, so it is replaced like any other record.
      const replacedByUs = this.#claims.replacedBy(examined?.stored.record ?? null);
      const mayTake = examined === null || replacedByUs !== null || (await this.#mayTake(examined));
      tries.next(examined?.stored ?? null);
      if (!mayTake) continue;
      const found = replacedByUs ?? replacedIn(examined, clock.monotonic());
      const replaced = found === NOTHING ? this.#endedHolder : found;
      const claimed = await this.#claims.send(
        (token) => this.#claimWith(token),
        examined?.stored.version,
        replaced,
      );
      if (claimed === null) continue;
      const lock = this.#lock(claimed, late === MOST_LATE);
      if (lock !== null) return lock;
      late += 1;
    }
  }

  #claimWith(token: string): Claim {
    const { staleTimeout, command = process.argv.slice(1).join(' '), owner } = this.#settings;
    return {
      token,
      process: this.#call.processes.self(),
      workers: [],
      staleTimeout,
      command: fitText(command) || null,
      user: currentUser(),
      cwd: currentFolder(),
      owner,
    };
  }

  async acquireWithin(wait: number): Promise<Lock> {
    const { store, clock, limit } = this.#call;
    const { signal } = this.#settings;
    const deadline = clock.monotonic() + wait;
    if (Number.isFinite(wait) && !store.isPrompt)
      limit.endAfter(wait, clock, (isInDoubt) => this.#late(isInDoubt));
    let attemptedAt = 0;
    const attempt = () => {
      attemptedAt = clock.monotonic();
      this.#attemptedAt = attemptedAt;
      return this.acquireNow();
    };
    // Without the signal: p-retry would also check it after the last attempt, and lose a lock that was just acquired.
    return pRetry(attempt, {
      retries: Number.POSITIVE_INFINITY,
      // The injected clock does the delay, below.
      minTimeout: 0,
      factor: 1,
      shouldRetry: ({ error }) => error instanceof ErrLockBusy,
      onFailedAttempt: async ({ error, attemptNumber }) => {
        // The abort reason may be anything, but p-retry only passes on errors.
        signal?.throwIfAborted();
        if (!(error instanceof ErrLockBusy)) return;
        this.#busy = error;
        this.#attemptedAt = null;
        const now = clock.monotonic();
        const left = deadline - now;
        const reserve = Math.min(2 * (now - attemptedAt), LONGEST_RESERVE);
        const isLast = left <= reserve;
        if (left > 0) {
          if (attemptNumber === 1) publishWaiting(error, wait);
          await limit.sleep(isLast ? left : Math.min(left - reserve, delayAfter(attemptNumber)), clock);
        }
        if (isLast) throw error;
      },
    });
  }

  /** The error of a call whose `wait` was over before the store had answered. */
  #late(isInDoubt: boolean): Error {
    const { name, clock } = this.#call;
    const isSilent = this.#attemptedAt !== null && clock.monotonic() - this.#attemptedAt > LONGEST_SILENCE;
    if (this.#busy !== null && !isSilent && !isInDoubt) return this.#busy;
    return ErrLockStore.of(name, 'acquire', {
      code: 'ETIMEDOUT',
      reason: `the store did not answer within the \`wait\` of ${formatDuration(this.#settings.wait)}`,
      remedy: 'Check that it can be reached from here, or wait longer.',
      isInDoubt,
    });
  }

  /** Throws if it may not. `false` if it has changed since it was examined. */
  async #mayTake(examined: Examined): Promise<boolean> {
    const { stored, verdict } = examined;
    const { name, store, clock, processes, limit } = this.#call;
    const endedToken = this.#endedHolder.predecessor?.record?.token;
    // Somebody else has had the lock since.
    if (stored.record !== null && stored.record.token !== endedToken) this.#endedHolder = NOTHING;
    switch (verdict.state) {
      case 'live':
      case 'cooldown':
        if (verdict.state === 'cooldown' && this.#staysInCharge(stored.record)) return true;
        throw new ErrLockBusy(name, stored.record, stored.age, reasonOf(examined, processes));
      case 'foreign':
        throw new ErrNotALock(name, verdict.reason);
      case 'stalled':
        if (this.#settings.terminateStalled && stored.record !== null) {
          // The claim is conditional and finds out whether this was old. A signal is not.
          const isConfirmed =
            store.confirm === undefined || (await limit.until(store.confirm(name, stored.version)));
          if (isConfirmed !== true) return false;
          await this.#terminate(stored, stored.record);
          this.#endedHolder = replacedIn(examined, clock.monotonic());
        }
        return true;
      case 'dead':
      case 'free':
        return true;
    }
  }

  /** Whether a released lock that still counts as held may be taken by this contender. */
  #staysInCharge(released: LockRecord | null): boolean {
    const { sticky, owner } = this.#settings;
    return sticky && released?.owner === owner;
  }

  /** All of them or none: if one may not be signalled, the others are left alone too. */
  async #terminate({ provenance, writer }: Stored, holder: LockRecord): Promise<void> {
    const { name, processes, limit } = this.#call;
    const named = processesOf(holder);
    try {
      // Anyone who may write to the folder can give another holder's file the name of this lock.
      if (isOfOtherLock(holder.token, name)) throw new Error('its record was written for another lock');
      for (const identity of named) {
        if (mayBeElsewhere(identity, provenance, processes.self())) {
          throw new Error(`PID ${identity.pid} is not a process that can be seen from here`);
        }
        processes.refuseTermination?.(identity, writer);
      }
      // Once it has begun to end a holder, it takes over, even if `wait` is over by then.
      limit.liftTime();
      const { terminationGrace } = this.#settings;
      const { signal } = limit;
      for (const identity of named) {
        await limit.until(processes.terminate(identity, terminationGrace, writer, signal));
      }
    } catch (error) {
      limit.throwIfOver();
      throw new ErrTerminationFailed(name, holder, isError(error) ? error : new Error(String(error)));
    }
  }

  /** `null` if the answer came too late: others may have taken over before. */
  #lock(claimed: Claimed, mayBeLate: boolean): Lock | null {
    const { name, store, clock, processes } = this.#call;
    const { heartbeatMinimalInterval, staleTimeout, holdAtLeast } = this.#settings;
    try {
      if (clock.monotonic() - claimed.claimedAt >= staleTimeout && !mayBeLate) {
        this.#claims.doubt(claimed.token);
        return null;
      }
      // Copying an object would take longer than everything else that is done for a lock here.
      return new Lock({
        name,
        token: claimed.token,
        record: claimed.record,
        predecessor: claimed.replaced.predecessor,
        calledAt: this.#calledAt,
        claimedAt: claimed.claimedAt,
        store,
        clock,
        processes,
        heartbeatMinimalInterval,
        staleTimeout,
        holdAtLeast,
      });
    } catch (error) {
      // A clock of a test, for example. Nobody would release the lock.
      this.#claims.takeBack(claimed);
      throw error;
    } finally {
      claimed.stayOnExit();
    }
  }
}

/** A function that waits for a lock which its own caller holds would wait forever. */
function reasonOf({ stored, verdict }: Examined, processes: ProcessTable): string {
  const { record } = stored;
  const isOwn = record !== null && record.hold === null && isSameProcess(record.process, processes.self());
  return isOwn ? `${verdict.reason}: it is this process itself` : verdict.reason;
}

/** Half of it is random, so that contenders turned away together do not come back together. */
function delayAfter(attempt: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** Math.min(attempt - 1, 16), LONGEST_DELAY);
  return delay * (0.5 + Math.random() / 2);
}
