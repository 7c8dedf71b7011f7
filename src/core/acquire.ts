import { userInfo } from 'node:os';
import pRetry from 'p-retry';
import { type Dependencies, withSystemDefaults } from './dependencies.js';
import { ErrLockBusy, ErrNotALock, ErrTerminationFailed } from './errors.js';
import { type Examined, examine, processesOf, refuseTooManyTries } from './examine.js';
import { type ClaimToken, withToken } from './in-doubt.js';
import { Lock } from './lock.js';
import { type AcquireOptions, type DefaultStore, readOptions, type Settings } from './options.js';
import { mayBeElsewhere } from './provenance.js';
import { fitCwd, fitText, fitUser, type LockRecord } from './record.js';
import type { Claim, Store, Stored } from './store.js';
import { isOfOtherLock } from './token.js';

/** The delay between two tries while waiting doubles from the first to the second of these, in milliseconds. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 500;

/** How often one whose stale timeout is shorter than any answer takes is asked whether it still holds the lock. */
const MOST_BEATS = 10;

/**
 * Takes the lock of that name, in the store that the options name or in the default one. `stores/file-locks.ts` says what it rejects with.
 */
export async function acquire(
  path: string,
  options: AcquireOptions,
  defaultStore: DefaultStore,
): Promise<Lock> {
  const settings = readOptions(options);
  const dependencies = withSystemDefaults(settings.dependencies);
  const store = settings.store ?? defaultStore(dependencies);
  const name = store.resolve(path);
  settings.signal?.throwIfAborted();
  for (let tries = 1; ; tries++) {
    try {
      return await withToken(name, store, dependencies, (token) => {
        const contender = new Contender(name, token, store, dependencies, settings);
        return settings.wait > 0 ? contender.acquireWithin(settings.wait) : contender.acquireNow();
      });
    } catch (error) {
      if (!(error instanceof AnsweredTooLate)) throw error;
      refuseTooManyTries(tries, name, null);
    }
  }
}

/** The claim was done, but its answer came when somebody else had taken over already. To be tried anew, by another token. */
class AnsweredTooLate extends Error {}

/** One call of `acquire`: the only place where store, judge, processes and clock meet. */
class Contender {
  readonly #name: string;
  readonly #store: Store;
  readonly #dependencies: Dependencies;
  readonly #settings: Settings;
  readonly #token: ClaimToken;
  readonly #claim: Claim;

  constructor(name: string, token: ClaimToken, store: Store, dependencies: Dependencies, settings: Settings) {
    this.#name = name;
    this.#token = token;
    this.#store = store;
    this.#dependencies = dependencies;
    this.#settings = settings;
    this.#claim = {
      token: token.value,
      process: dependencies.processes.self(),
      workers: [],
      staleTimeout: settings.staleTimeout,
      command: fitText(settings.command ?? process.argv.slice(1).join(' ')) || null,
      user: currentUser(),
      cwd: currentFolder(),
      owner: settings.owner,
    };
  }

  /** Reads, judges, and claims over exactly what was judged; what has changed in between is judged anew. */
  async acquireNow(): Promise<Lock> {
    for (let tries = 1; ; tries++) {
      const examined = await examine(
        this.#name,
        this.#store,
        this.#dependencies,
        this.#settings.staleTimeout,
        this.#settings.owner,
      );
      const record = examined?.stored.record ?? null;
      // One's own token is there after a claim that succeeded although its answer was lost, now or in an earlier call. It
      // may be long ago, so that too is claimed anew.
      if (examined !== null && !this.#token.isIn(record)) await this.#refuseUnlessTakeable(examined);
      refuseTooManyTries(tries, this.#name, examined);
      const claimedAt = this.#dependencies.clock.monotonic();
      const outcome = await this.#token.send(() =>
        this.#store.claim(this.#name, this.#claim, examined?.stored.version),
      );
      if (outcome.done) return this.#holdFrom(claimedAt, outcome.record);
    }
  }

  /** Where the answer to the claim was so long on its way that others may have taken over since, a heartbeat tells. */
  async #holdFrom(claimedAt: number, record: LockRecord): Promise<Lock> {
    const { clock } = this.#dependencies;
    for (let sentAt = claimedAt, beats = 0; ; beats++) {
      const isSure = clock.monotonic() - sentAt < this.#settings.staleTimeout;
      if (isSure || beats === MOST_BEATS) return this.#lock(record, sentAt);
      sentAt = clock.monotonic();
      const outcome = await this.#store.beat(this.#name, this.#claim.token, {});
      if (outcome.done) continue;
      this.#token.forget();
      throw new AnsweredTooLate();
    }
  }

  async acquireWithin(wait: number): Promise<Lock> {
    const { clock } = this.#dependencies;
    const { signal } = this.#settings;
    const deadline = clock.monotonic() + wait;
    // Without the signal: p-retry would also look at it after the last try, and lose a lock that was just acquired.
    return pRetry(() => this.acquireNow(), {
      retries: Number.POSITIVE_INFINITY,
      // The delay comes from the injected clock, below.
      minTimeout: 0,
      factor: 1,
      shouldRetry: ({ error }) => error instanceof ErrLockBusy,
      onFailedAttempt: async ({ error, attemptNumber }) => {
        if (!(error instanceof ErrLockBusy)) return;
        const left = deadline - clock.monotonic();
        if (left <= 0) throw error;
        await clock.sleep(Math.min(left, delayAfter(attemptNumber)), { signal });
        signal?.throwIfAborted();
      },
    });
  }

  async #refuseUnlessTakeable({ stored, verdict }: Examined): Promise<void> {
    switch (verdict.state) {
      case 'live':
      case 'cooldown':
        if (verdict.state === 'cooldown' && this.#staysInCharge(stored.record)) return;
        throw new ErrLockBusy(this.#name, stored.record, stored.age, verdict.reason);
      case 'foreign':
        throw new ErrNotALock(this.#name, verdict.reason);
      case 'stalled':
        if (this.#settings.terminateStalled && stored.record !== null)
          await this.#terminate(stored, stored.record);
        return;
      case 'dead':
      case 'free':
        return;
    }
  }

  /** Whether a released lock that counts as held does so for this very contender. */
  #staysInCharge(released: LockRecord | null): boolean {
    const { sticky, owner } = this.#settings;
    return sticky && released?.owner === owner;
  }

  /** All of them or none: where one may not be signalled, the others are left alone too. */
  async #terminate({ provenance, writer }: Stored, holder: LockRecord): Promise<void> {
    const { processes } = this.#dependencies;
    const named = processesOf(holder);
    try {
      // Whoever may write to the folder can give the file that another holder has written this lock's name.
      if (isOfOtherLock(holder.token, this.#name)) throw new Error('its record was written for another lock');
      for (const identity of named) {
        if (mayBeElsewhere(identity, provenance, processes.self())) {
          throw new Error(`PID ${identity.pid} is not a process that can be seen from here`);
        }
        processes.refuseTermination?.(identity, writer);
      }
      for (const identity of named) {
        await processes.terminate(identity, this.#settings.terminationGrace, writer);
      }
    } catch (error) {
      throw new ErrTerminationFailed(
        this.#name,
        holder,
        error instanceof Error ? error : new Error(String(error)),
      );
    }
  }

  #lock(record: LockRecord, claimedAt: number): Lock {
    return new Lock({
      name: this.#name,
      store: this.#store,
      clock: this.#dependencies.clock,
      processes: this.#dependencies.processes,
      token: this.#claim.token,
      record,
      claimedAt,
      heartbeatMinimalInterval: this.#settings.heartbeatMinimalInterval,
      staleTimeout: this.#settings.staleTimeout,
      holdAtLeast: this.#settings.holdAtLeast,
    });
  }
}

/** Half of it is chance, so that those who were turned away together do not come back together. */
function delayAfter(attempt: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** Math.min(attempt - 1, 16), LONGEST_DELAY);
  return delay * (0.5 + Math.random() / 2);
}

let user: string | null | undefined;

/** Asked once, because the answer comes from a file or from a directory service. */
function currentUser(): string | null {
  user ??= fitUser(lookUpUser() ?? '') || null;
  return user;
}

function lookUpUser(): string | null {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that its password file does not know.
    return process.geteuid === undefined ? null : String(process.geteuid());
  }
}

/** `null` where the folder has been removed: there is no path to it any more. */
function currentFolder(): string | null {
  try {
    return fitCwd(process.cwd());
  } catch {
    return null;
  }
}
