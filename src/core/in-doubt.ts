import type { Clock } from '../system/clock.js';
import { callEvery } from './call-every.js';
import type { Dependencies } from './dependencies.js';
import { ErrLockBusy, ErrLockStore, ErrNotALock } from './errors.js';
import type { LockRecord } from './record.js';
import type { Claim, Store } from './store.js';
import { makeToken } from './token.js';

/**
 * Tokens of claims in doubt, with the process that has sent them. A store may have carried out a claim that has failed, with only the answer
 * lost, or may do so long after; then a living process holds the lock and does not know it.
 */
const inDoubt = new Map<string, string>();

/** How many are kept: more than can be on their way anywhere. */
const MOST_IN_DOUBT = 1000;

/** How often to look for a claim in doubt, in milliseconds, and how many times: for an hour. */
const PERIOD = 30_000;
const LOOKS = 120;

/** Whether a store may have carried out what has failed with that error. */
function mayBeDone(error: unknown): boolean {
  if (error instanceof ErrLockStore) return error.isInDoubt;
  return !(error instanceof ErrLockBusy || error instanceof ErrNotALock);
}

/** A second try would only wait as long again, or be refused as well. */
const NOT_AGAIN: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EACCES', 'EPERM', 'EROFS']);

/** Whether to ask again at once, so that the doubt may end there. */
export function isWorthAnotherTry(error: unknown): boolean {
  return mayBeDone(error) && !(error instanceof ErrLockStore && NOT_AGAIN.has(error.code));
}

/** A claim that was carried out. */
export interface Claimed {
  readonly token: string;
  readonly record: LockRecord;
  /** When it was sent, on the monotonic clock. */
  readonly claimedAt: number;
}

/**
 * The claims that one call sends for one lock. Each has a token of its own: were it the same one, a claim that is carried out late
 * could not be told from a lock that is in use.
 */
export class Claims {
  readonly #name: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #process: string;
  /** A store that repeats a claim by itself, over a new connection, reports that the lock is held: by the first try. */
  readonly #sent = new Set<string>();
  #hasFailed = false;

  constructor(name: string, store: Store, { clock, processes }: Dependencies) {
    this.#name = name;
    this.#store = store;
    this.#clock = clock;
    const { pid, started } = processes.self();
    this.#process = `${pid} ${started}`;
  }

  /** Whether a record is of one of these claims, or of one in doubt of an earlier call of this process. It can be replaced at once. */
  isOurs(record: LockRecord | null): boolean {
    const token = record?.token ?? null;
    return token !== null && (this.#sent.has(token) || inDoubt.get(token) === this.#process);
  }

  /**
   * Sends a claim. `null` if it was not carried out, or if that is not known: then another look at the lock tells. A second claim that fails
   * rejects with its error.
   */
  async send(claim: Omit<Claim, 'token'>, over: string | undefined): Promise<Claimed | null> {
    const token = makeToken(this.#name);
    const claimedAt = this.#clock.monotonic();
    this.#sent.add(token);
    try {
      const outcome = await this.#store.claim(this.#name, { ...claim, token }, over);
      return outcome.done ? { token, record: outcome.record, claimedAt } : null;
    } catch (error) {
      if (!mayBeDone(error)) throw error;
      this.doubt(token);
      if (this.#hasFailed || !isWorthAnotherTry(error)) throw error;
      this.#hasFailed = true;
      return null;
    }
  }

  /**
   * The lock may be held under that token by nobody who knows it. This process lives, so others could not take it before the stale timeout:
   * for an hour, or for as long as the process lives, the store is asked now and then, and the claim taken back.
   */
  doubt(token: string): void {
    inDoubt.set(token, this.#process);
    const [oldest] = inDoubt.keys();
    if (inDoubt.size > MOST_IN_DOUBT && oldest !== undefined) inDoubt.delete(oldest);
    let looks = 0;
    const stop = callEvery(PERIOD, this.#clock, () => {
      looks += 1;
      if (looks === LOOKS) stop();
      this.#takeBack(token).then(
        (isDone) => isDone && stop(),
        // Away again. The next look finds it too.
        () => {},
      );
    });
  }

  async #takeBack(token: string): Promise<boolean> {
    const stored = await this.#store.read(this.#name);
    if (stored?.record?.token !== token) return false;
    const { done } = await this.#store.remove(this.#name, token);
    return done;
  }
}
