import { randomUUID } from 'node:crypto';
import { ErrLockBusy } from './errors.js';
import type { LockRecord, ProcessIdentity } from './record.js';
import type { Awaitable, Outcome } from './stores/store.js';

/** Tokens under which a lock may be held that nobody knows of, by whose they are. */
const unanswered = new Map<string, Set<string>>();

/**
 * Gives a token to claim a lock with. It is unique to this claim, except after one that has failed: then a store may have
 * carried out that one all the same, with only the answer lost, and the lock is held by a living process that does not know
 * it. So the process remembers the token, recognizes by it what is its own, and uses it up with a later claim.
 */
export async function withToken<T>(
  name: string,
  { pid, started }: ProcessIdentity,
  use: (token: ClaimToken) => Promise<T>,
): Promise<T> {
  const token = new ClaimToken(`${pid} ${started} ${name}`);
  try {
    return await use(token);
  } catch (error) {
    token.abandon();
    throw error;
  }
}

/** What one call claims a lock with. */
export class ClaimToken {
  readonly value: string;
  readonly #whose: string;
  #mayBeThere: boolean;

  constructor(whose: string) {
    const left = takeOne(whose);
    this.#whose = whose;
    this.#mayBeThere = left !== undefined;
    this.value = left ?? randomUUID();
  }

  /** Whether a record is of this claim, or of an earlier one of the same process that nobody knows of. */
  isIn(record: LockRecord | null): boolean {
    const token = record?.token ?? null;
    return token !== null && (token === this.value || unanswered.get(this.#whose)?.has(token) === true);
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

  /** For who gives up although the lock may be held under this token. */
  abandon(): void {
    if (!this.#mayBeThere) return;
    const tokens = unanswered.get(this.#whose) ?? new Set();
    unanswered.set(this.#whose, tokens.add(this.value));
  }
}

/** Taken out, so that no other claim that runs at the same time gets it too. */
function takeOne(whose: string): string | undefined {
  const tokens = unanswered.get(whose);
  const [token] = tokens ?? [];
  if (tokens === undefined || token === undefined) return undefined;
  tokens.delete(token);
  if (tokens.size === 0) unanswered.delete(whose);
  return token;
}
