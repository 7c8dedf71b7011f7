import type { Dependencies } from './dependencies.js';
import { ErrLockBusy } from './errors.js';
import type { LockRecord } from './record.js';
import type { Awaitable, Outcome, Store } from './store.js';
import { takeBackLater } from './take-back.js';
import { makeToken } from './token.js';

/** Tokens under which a lock may be held that nobody knows of, by whose they are. */
const inDoubt = new Map<string, Set<string>>();

/** How many of them are kept for each lock, which is more than can be under way anywhere. */
const MOST_IN_DOUBT = 100;

/**
 * Gives a token to claim a lock with. After a claim that has failed, a store may have carried it out all the same, with only the
 * answer lost, and the lock is held by a living process that does not know it; or may do so yet, long after. So the process
 * remembers the token, and takes the lock from it at any later claim. That has a token of its own: were it the same one, a
 * claim that is carried out late could not be told from a lock that is in use.
 */
export async function withToken<T>(
  name: string,
  store: Store,
  { clock, processes }: Dependencies,
  use: (token: ClaimToken) => Promise<T>,
): Promise<T> {
  const { pid, started } = processes.self();
  const token = new ClaimToken(makeToken(name), `${pid} ${started} ${name}`);
  try {
    return await use(token);
  } catch (error) {
    if (token.abandon()) takeBackLater(name, token.value, store, clock);
    throw error;
  }
}

/** What one call claims a lock with. */
export class ClaimToken {
  readonly value: string;
  readonly #whose: string;
  #mayBeThere = false;

  constructor(value: string, whose: string) {
    this.value = value;
    this.#whose = whose;
  }

  /** Whether a record is of this claim, or of an earlier one of the same process that nobody knows of. */
  isIn(record: LockRecord | null): boolean {
    const token = record?.token ?? null;
    return token !== null && (token === this.value || inDoubt.get(this.#whose)?.has(token) === true);
  }

  /** Makes the claim; only a store that says that it is busy is sure not to have carried it out. */
  async send(claim: () => Awaitable<Outcome>): Promise<Outcome> {
    try {
      const outcome = await claim();
      this.#mayBeThere ||= outcome.done;
      return outcome;
    } catch (error) {
      this.#mayBeThere ||= !(error instanceof ErrLockBusy);
      throw error;
    }
  }

  /** The lock was taken over from it. */
  forget(): void {
    this.#mayBeThere = false;
  }

  /** For who gives up. Gives whether the lock may be held under this token all the same. */
  abandon(): boolean {
    if (!this.#mayBeThere) return false;
    const tokens = inDoubt.get(this.#whose) ?? new Set<string>();
    inDoubt.set(this.#whose, tokens.add(this.value));
    const [oldest] = tokens;
    if (tokens.size > MOST_IN_DOUBT && oldest !== undefined) tokens.delete(oldest);
    return true;
  }
}
