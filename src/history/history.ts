import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Predecessor } from '../core/acquire/predecessor.js';
import { ErrLockStore } from '../core/errors.js';
import type { Duration } from '../core/options/duration.js';
import { duration, longDuration, refuseUnknown, show, text } from '../core/options/validate.js';
import { resolvePath } from '../stores/file/resolve-path.js';
import { namesIn } from '../system/files/names-in.js';
import {
  makeTrustedFolder,
  type TrustedFolder,
  verifyTrustedFolder,
} from '../system/files/trusted-folder.js';
import type { Limits } from './compaction.js';
import { ErrHistory, explained } from './errors.js';
import { historyFolder } from './folder.js';
import { Journal } from './journal.js';
import { type JournalOwner, runLine, skipsLine } from './journal-line.js';
import { isJournalName, journalName } from './journal-name.js';
import type { LockHistory, RunReport } from './run.js';
import { checkFields, completed, reportOn } from './run-report.js';

const DAY = 86_400_000;
const DEFAULTS = { maxRuns: 1000, maxAge: 90 * DAY, writeTimeout: 2000 };

/** Options of {@link openHistory}. */
export interface HistoryOptions {
  /**
   * The folder of the history. Default: the environment variable `LIVINGLOCK_HISTORY`, or else the folder that `livinglock run` uses for this
   * user, see `docs/history.md`. It is created when something is written.
   */
  readonly folder?: string | undefined;
  /** How many runs of each lock are kept. Default: 1,000. */
  readonly maxRuns?: number | undefined;
  /** How long a run is kept after its end; the last 20 of each lock are kept anyway. Default: 90 days. */
  readonly maxAge?: Duration | undefined;
  /** How long to wait while other processes are writing, before giving up on a record. Default: 2 seconds. */
  readonly writeTimeout?: Duration | undefined;
}

/** Which runs to read. */
export interface ReadOptions {
  /** How many runs of each lock, counted from the last. Default: all that are kept. */
  readonly last?: number | undefined;
}

/** What to read of all locks. */
export interface ListOptions extends ReadOptions {
  /** Called for each journal that is left out because it cannot be read, for example because it belongs to another user. */
  readonly onUnreadable?: ((error: ErrHistory) => void) | undefined;
}

/** The same, for one lock. */
export interface ReadLockOptions extends ReadOptions {
  /** The database that keeps it; `null`, the default, for a file. */
  readonly store?: string | null | undefined;
}

/**
 * Opens the history of what ran under locks on this machine, which `livinglock run` writes for named locks. Touches nothing yet. `acquire` and
 * `withLock` record nothing; your own job can, with {@link History.record}.
 *
 * Throws a `TypeError` or `RangeError` for wrong options, and an `Error` if the folder of this user's history cannot be determined.
 *
 * @example
 * import { openHistory } from 'livinglock/history';
 *
 * for (const { lock, runs } of await openHistory().list({ last: 1 })) {
 *   console.log(lock, runs.at(-1)?.outcome);
 * }
 */
export function openHistory(options: HistoryOptions = {}): History {
  refuseUnknown(options, ['folder', 'maxRuns', 'maxAge', 'writeTimeout']);
  const { folder, maxRuns = DEFAULTS.maxRuns, maxAge, writeTimeout = DEFAULTS.writeTimeout } = options;
  const path = text('folder', folder);
  if (path === '') {
    throw new RangeError("The option `folder` must not be empty. Leave it out to use this user's folder.");
  }
  return new History(path === undefined ? historyFolder() : { path: resolve(path), steps: [] }, {
    maxRuns: count('maxRuns', maxRuns),
    maxAge: maxAge === undefined ? DEFAULTS.maxAge : longDuration('maxAge', maxAge),
    writeTimeout: duration('writeTimeout', writeTimeout),
  });
}

/** What ran under locks on this machine, for one user. Only {@link openHistory} creates one. */
export class History {
  readonly #folder: TrustedFolder;
  readonly #limits: Limits & { readonly writeTimeout: number };

  /** @internal */
  constructor(folder: TrustedFolder, limits: Limits & { readonly writeTimeout: number }) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Where it is kept: one file for each lock. */
  get folder(): string {
    return this.#folder.path;
  }

  /**
   * Adds a run. Many processes may do this at once. Call it when the run has ended, and do not let its failure fail the job.
   *
   * Rejects with {@link ErrHistory} if it cannot be written, for example because the disk is full, or because other processes have
   * been writing for the whole `writeTimeout`; with a `TypeError` or `RangeError` for a report that is incomplete or wrong.
   *
   * @example
   * import { withLock } from 'livinglock';
   * import { openHistory } from 'livinglock/history';
   *
   * await withLock('/var/lib/importer/nightly.lock', async (lock) => {
   *   await lock.heartBeat({ note: 'at work' });
   *   await lock.release(); // rejects if the lock was lost: then this run has not succeeded
   *   const { token: id, name, acquiredAt: startedAt, fencingToken } = lock;
   *   await openHistory().record({ id, lock: name, startedAt, fencingToken, outcome: 'succeeded' });
   * });
   */
  async record(report: RunReport): Promise<void> {
    const run = completed(report);
    const named = { ...run, ...this.#named(run) };
    await this.#append(named, runLine(named));
  }

  /**
   * Records how the run from which a lock was taken over ended: `killed` if its process was dead, `stalled` if it had stopped sending heartbeats. If
   * that run itself records later how it ended, its own record counts. Does nothing without a predecessor. Rejects as {@link record} does.
   *
   * @param lock The lock's name; for a lock in a file, its path.
   * @param predecessor The `lock.predecessor` of the run that has it now.
   * @param store The database that keeps it; `null` for a file.
   */
  async recordPredecessor(
    lock: string,
    predecessor: Predecessor | null,
    store: string | null = null,
  ): Promise<void> {
    checkFields({ lock, store, predecessor });
    const report = predecessor && reportOn(predecessor, { lock, store });
    if (report) await this.record(report);
  }

  /**
   * Counts an attempt to run that found the lock busy. Rejects as {@link record} does.
   *
   * @param lock The lock's name; for a lock in a file, its path.
   * @param store The database that keeps it; `null` for a file.
   */
  async recordSkip(lock: string, store: string | null = null): Promise<void> {
    checkFields({ lock, store });
    const now = new Date();
    await this.#append(this.#named({ lock, store }), skipsLine({ count: 1, first: now, last: now }));
  }

  /**
   * Reads the runs of one lock; none if it has no history. Rejects with {@link ErrHistory} if they cannot be read.
   *
   * @param lock The lock's name; for a lock in a file, its path.
   */
  async read(lock: string, options: ReadLockOptions = {}): Promise<LockHistory> {
    refuseUnknown(options, ['last', 'store']);
    const { last, store = null } = options;
    checkFields({ lock, store });
    explained(lock, this.folder, () => verifyTrustedFolder(this.#folder));
    return this.#journalOf(this.#recorded({ lock, store })).read(...this.#extent(last));
  }

  /**
   * Reads the runs of all locks, sorted by name. Files that are not journals are left out, and so are journals that cannot be read.
   * Rejects with {@link ErrHistory} if the folder cannot be read.
   */
  async list(options: ListOptions = {}): Promise<LockHistory[]> {
    refuseUnknown(options, ['last', 'onUnreadable']);
    const { last, onUnreadable } = options;
    const extent = this.#extent(last);
    const locks = await this.locks({ onUnreadable });
    return locks.flatMap((owner) => {
      const read = () => this.#journalOf(owner).read(...extent);
      return unlessUnreadable(read, onUnreadable) ?? [];
    });
  }

  /** Lists which locks have a history, sorted by name, without reading it. Otherwise like {@link list}. */
  async locks(
    options: Pick<ListOptions, 'onUnreadable'> = {},
  ): Promise<Pick<LockHistory, 'lock' | 'store'>[]> {
    refuseUnknown(options, ['onUnreadable']);
    const { onUnreadable } = options;
    if (onUnreadable !== undefined && typeof onUnreadable !== 'function') {
      throw new TypeError(`The option \`onUnreadable\` must be a function, but is ${show(onUnreadable)}.`);
    }
    const names = explained('all locks', this.folder, () => {
      verifyTrustedFolder(this.#folder);
      return namesIn(this.folder).filter(isJournalName);
    });
    const owners = names.flatMap((name) => unlessUnreadable(() => this.#ownerOf(name), onUnreadable) ?? []);
    return owners
      .map(({ lock, store }) => ({ lock, store }))
      .toSorted((one, other) => compare(one.lock, other.lock) || compare(one.store ?? '', other.store ?? ''));
  }

  async #append(owner: JournalOwner, line: string): Promise<void> {
    explained(owner.lock, this.folder, () => makeTrustedFolder(this.#folder));
    await this.#journalOf(owner).append(line, this.#limits, this.#limits.writeTimeout);
  }

  /** With the lock's canonical name. */
  #named({ lock, store }: JournalOwner): JournalOwner {
    try {
      return { lock: store === null ? resolvePath(lock) : lock, store };
    } catch (error) {
      throw error instanceof ErrLockStore ? ErrHistory.from(lock, this.folder, error) : error;
    }
  }

  /** What was canonical when it was recorded, as {@link locks} lists it, stays so: a folder may have become a link since. */
  #recorded(owner: JournalOwner): JournalOwner {
    return existsSync(join(this.folder, journalName(owner))) ? owner : this.#named(owner);
  }

  #journalOf({ lock, store }: JournalOwner): Journal {
    return new Journal(join(this.folder, journalName({ lock, store })), { lock, store });
  }

  /** `null` for a copy of a journal, and for one that was removed. */
  #ownerOf(name: string): JournalOwner | null {
    const path = join(this.folder, name);
    const owner = explained(name, path, () => Journal.ownerOf(path));
    return owner !== null && journalName(owner) === name ? owner : null;
  }

  /** What {@link Journal.read} is to read: all runs that are kept, or the last ones. */
  #extent(last: number | undefined): [most: number, wholeFile: boolean] {
    const { maxRuns } = this.#limits;
    return last === undefined ? [maxRuns, true] : [Math.min(maxRuns, count('last', last)), false];
  }
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function unlessUnreadable<T>(read: () => T, onUnreadable: ListOptions['onUnreadable']): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ErrHistory)) throw error;
    onUnreadable?.(error);
    return null;
  }
}

function count(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`The option \`${name}\` must be a whole number above 0, but is ${show(value)}.`);
}
