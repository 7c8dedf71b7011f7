import { type ErrHistory, type History, type LockHistory, openHistory } from '../../history/index.js';
import { type Inspection, LivingLockError } from '../../index.js';
import { namedIn } from '../history/names.js';
import { describeUnreadable } from '../history/read-history.js';
import type { NamedLock } from '../named-locks/named-locks.js';
import type { Locks } from '../stores/locks.js';

/** For how many milliseconds an answer is kept: `--watch` asks twice a second, about each lock. */
const VALIDITY = 2000;

interface Answer<T> {
  readonly answer: T;
  /** What went wrong. */
  readonly complaint: string | null;
}

/** What the history says about the locks of a store. Whoever looks at locks can do without: what goes wrong is a complaint. */
export class CachedHistory {
  readonly #locks: Locks;
  readonly #known = new Map<string, Answer<LockHistory | null> & { readonly at: number }>();
  #history: History | null = null;
  #complaintOfList: string | null = null;

  constructor(locks: Locks) {
    this.#locks = locks;
  }

  get complaint(): string | null {
    const complaints = [...this.#known.values()].map(({ complaint }) => complaint);
    return this.#complaintOfList ?? complaints.find((complaint) => complaint !== null) ?? null;
  }

  /** The last runs of a lock, and what was skipped since. `null` if nothing is known. */
  async of({ name: lock, holder }: Inspection): Promise<LockHistory | null> {
    const known = this.#known.get(lock);
    if (known !== undefined && performance.now() - known.at < VALIDITY) return known.answer;
    const store = this.#locks.database;
    const asked = await this.#ask(async (history) => {
      const newest = await history.read(lock, { store, last: 1 });
      const id = newest.runs[0]?.id ?? null;
      // An attempt of the run at work, of which there may be many.
      return id !== null && id === holder?.token ? history.read(lock, { store }) : newest;
    }, null);
    this.#known.set(lock, { ...asked, at: performance.now() });
    return asked.answer;
  }

  /** The locks that have run, among those that `status` lists. */
  async locks(): Promise<readonly NamedLock[]> {
    const store = this.#locks.database;
    const unreadable: ErrHistory[] = [];
    const onUnreadable = (error: ErrHistory) => void unreadable.push(error);
    const { answer: found, complaint } = await this.#ask((history) => history.locks({ onUnreadable }), []);
    this.#complaintOfList = complaint ?? describeUnreadable(unreadable);
    return namedIn(store, found).filter(({ name, path }) => store !== null || name !== path);
  }

  async #ask<T>(question: (history: History) => Promise<T>, otherwise: T): Promise<Answer<T>> {
    try {
      this.#history ??= openHistory();
      return { answer: await question(this.#history), complaint: null };
    } catch (error) {
      // Why it is not known where it is, `list` says about the locks themselves.
      return { answer: otherwise, complaint: error instanceof LivingLockError ? error.message : null };
    }
  }
}
