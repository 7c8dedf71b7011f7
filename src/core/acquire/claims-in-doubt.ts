import { callOnExit } from '../../system/on-exit.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import { isPromise } from '../calls/maybe-async.js';
import { callEvery } from '../calls/repeated-call.js';
import type { StoreCall } from '../calls/store-call.js';
import { ErrLockBusy, ErrLockStore, ErrNotALock } from '../errors.js';
import { remove, removeQuietly } from '../held/removal.js';
import type { LockRecord } from '../record/record.js';
import type { Awaitable, Claim, Outcome } from '../store.js';
import { NOTHING, type Replaced } from './predecessor.js';
import { makeToken } from './token.js';

interface Doubt {
  /** The process that has sent the claim. */
  readonly process: string;
  /** What it replaces if it was carried out. */
  readonly replaced: Replaced;
  /** Ends the checks. */
  readonly stop: () => void;
}

/**
 * Claims in doubt, by token. A store may have carried out a claim that failed, with only the answer lost, or may still carry
 * it out much later. Then a living process holds the lock without knowing it.
 */
const inDoubt = new Map<string, Doubt>();

/** How many are kept: more than can ever be in flight. */
const MOST_IN_DOUBT = 1000;

/** How often to check for a claim in doubt, in milliseconds, and how many times: for an hour. */
const PERIOD = 30_000;
const CHECKS = 120;

/** Claims that nobody waits for any longer, until they are answered and taken back. */
const abandoned = new Set<Promise<void>>();

/** Resolves when all of them are answered. If the process ends sooner, others get the lock only once it is stale. */
export async function abandonedClaims(): Promise<void> {
  await Promise.all(abandoned);
}

/** Whether the store may have carried out the operation that failed with this error. */
function mayBeDone(error: unknown): boolean {
  if (error instanceof ErrLockStore) return error.isInDoubt;
  return !(error instanceof ErrLockBusy || error instanceof ErrNotALock);
}

/** What a server answers as long as it cannot do anything yet. Only Redis answers these, and its store has then tried for as long as it may. */
export const NOT_READY: readonly string[] = [
  'LOADING',
  'TRYAGAIN',
  'BUSY',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'MOVED',
  'ASK',
];

/** After these, a second attempt would only take as long again, or be refused again. */
const NOT_AGAIN: ReadonlySet<string> = new Set(['ETIMEDOUT', 'EACCES', 'EPERM', 'EROFS', ...NOT_READY]);

/** Whether to try again at once, which may settle the doubt. */
export function isWorthAnotherTry(error: unknown): boolean {
  return mayBeDone(error) && !(error instanceof ErrLockStore && NOT_AGAIN.has(error.code));
}

/** Where a claim was sent, and by whom. */
type Sender = Pick<StoreCall, 'name' | 'store' | 'clock' | 'processes'>;

/**
 * Takes a claim back that the store may have carried out. Otherwise the lock would look held by this living process, and others could not
 * take it over before the stale timeout. Checks the store regularly, for an hour or as long as the process lives.
 *
 * @param wasHeld Whether the claim is known to have been carried out. If not, it may still be, so a free lock proves nothing.
 * @param replaced What the claim replaces. A hold of the lock goes on after the claim was taken back.
 * @returns Stops the checks.
 */
export function takeBackLater(
  sender: Sender,
  token: string,
  wasHeld: boolean,
  replaced: Replaced,
): () => void {
  let checks = 0;
  const stop = callEvery(PERIOD, sender.clock, () => {
    checks += 1;
    if (checks === CHECKS) stop();
    takeBack(sender, token, replaced).then(
      (done) => (done ?? wasHeld) && stop(),
      // Still unreachable. The next check tries again.
      () => {},
    );
  });
  inDoubt.set(token, { process: keyOf(sender.processes), replaced, stop });
  const [oldest] = inDoubt;
  if (inDoubt.size > MOST_IN_DOUBT && oldest !== undefined) {
    inDoubt.delete(oldest[0]);
    oldest[1].stop();
  }
  return stop;
}

/** Whether it was done; `null` if the store does not hold that claim. */
async function takeBack(sender: Sender, token: string, replaced: Replaced): Promise<boolean | null> {
  const stored = await sender.store.read(sender.name);
  if (stored?.record?.token !== token) return null;
  const { done } = await remove(sender, token, replaced);
  return done;
}

function keyOf(processes: ProcessTable): string {
  const { pid, started } = processes.self();
  return `${pid} ${started}`;
}

/** A claim that was carried out. */
export interface Claimed {
  readonly token: string;
  readonly record: LockRecord;
  /** What it has replaced. */
  readonly replaced: Replaced;
  /** When it was sent, on the monotonic clock. */
  readonly claimedAt: number;
  /** From now on somebody else releases the lock when the process exits. */
  readonly stayOnExit: () => void;
}

/**
 * The claims that one call sends for one lock. Each has its own token: otherwise a claim that is carried out late
 * could not be told from a lock in use.
 */
export class Claims {
  readonly #call: StoreCall;
  readonly #process: string;
  /**
   * What each of them replaces, by token. A store that repeats a claim by itself, over a new connection, reports that the lock is held: by the
   * first try.
   */
  readonly #sent = new Map<string, Replaced>();
  #hasFailed = false;

  constructor(call: StoreCall) {
    this.#call = call;
    this.#process = keyOf(call.processes);
  }

  /**
   * What was replaced by the claim that wrote this record, if it is one of these, or one in doubt of an earlier call of this process. Such a record
   * can be replaced at once. `null` for any other.
   */
  replacedBy(record: LockRecord | null): Replaced | null {
    const token = record?.token ?? '';
    const doubt = inDoubt.get(token);
    return this.#sent.get(token) ?? (doubt?.process === this.#process ? doubt.replaced : null);
  }

  /**
   * Sends a claim. `null` if it was not carried out, or if that is unknown: then reading the lock again tells. If a second claim fails,
   * rejects with its error. If the call ends first, rejects with its reason, and the claim is taken back as soon as it is answered.
   *
   * @param claimWith Builds the claim with that token.
   * @param replaced What it replaces.
   */
  async send(
    claimWith: (token: string) => Claim,
    over: string | undefined,
    replaced: Replaced = NOTHING,
  ): Promise<Claimed | null> {
    const { name, store, clock, limit } = this.#call;
    const token = makeToken(name);
    const claimedAt = clock.monotonic();
    limit.throwIfOver();
    this.#sent.set(token, replaced);
    let isAbandoned = false;
    // Before the claim: it may be carried out in the turn in which another part of the program calls `process.exit()`.
    const stayOnExit = callOnExit(() => removeQuietly(this.#call, token, replaced));
    try {
      const answer = once(store.claim(name, claimWith(token), over));
      const abandon = () => {
        isAbandoned = true;
        this.#abandon(token, answer);
      };
      const outcome = await limit.until(answer, { abandon, isInDoubt: true });
      if (outcome.done) return { token, record: outcome.record, replaced, claimedAt, stayOnExit };
      stayOnExit();
      return null;
    } catch (error) {
      stayOnExit();
      if (isAbandoned || !mayBeDone(error)) throw error;
      this.doubt(token);
      if (this.#hasFailed || !isWorthAnotherTry(error)) throw error;
      this.#hasFailed = true;
      return null;
    }
  }

  /** Takes back a claim that was carried out. */
  takeBack({ token, record }: Claimed): void {
    this.#abandon(token, { done: true, record });
  }

  /** Takes a claim back if the store turns out to have carried it out. Returns what stops that. */
  doubt(token: string): () => void {
    return takeBackLater(this.#call, token, false, this.#sent.get(token) ?? NOTHING);
  }

  /** Nobody waits for the answer any longer. Until it comes, or if taking it back then fails, the lock is checked regularly. */
  #abandon(token: string, answer: Awaitable<Outcome>): void {
    const replaced = this.#sent.get(token) ?? NOTHING;
    const stop = this.doubt(token);
    const settled = Promise.resolve(answer)
      .then(
        async (outcome) => {
          if (outcome.done || outcome.found?.token === token) await remove(this.#call, token, replaced);
          stop();
        },
        (error) => {
          if (!mayBeDone(error)) stop();
        },
      )
      // It could not be removed. The next check tries again.
      .catch(() => {})
      .finally(() => abandoned.delete(settled));
    abandoned.add(settled);
  }
}

/** Some drivers send a statement at each call of `then`. */
function once<T>(answer: Awaitable<T>): Awaitable<T> {
  return isPromise(answer) ? Promise.resolve(answer) : answer;
}
