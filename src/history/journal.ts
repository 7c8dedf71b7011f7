import { existsSync } from 'node:fs';
import { withSystemDefaults } from '../core/options/dependencies.js';
import { systemFileSystem } from '../stores/file/file-system.js';
import type { GuardSection } from '../stores/file/guard/guard-types.js';
import { Visits } from '../stores/file/guard/wait-for-guard.js';
import { attempt } from '../system/attempt.js';
import { compacted, isDue, type Limits } from './compaction.js';
import { ErrHistory, explained } from './errors.js';
import { appendTo, type JournalText, MAX_BYTES, readJournal, replaceJournal } from './journal-file.js';
import { type Header, headerFrom, headerLine, isTornHeader, type JournalOwner } from './journal-line.js';
import type { LockHistory } from './run.js';
import { summarize } from './summarize.js';

/** Where only the last runs are of interest: how many bytes hold each of them, and all that was skipped since the journal was compacted. */
const BYTES_AT_LEAST = 256 * 1024;
const BYTES_PER_RUN = 4 * 1024;

/** The journal of one lock. */
export class Journal {
  readonly #path: string;
  readonly #owner: JournalOwner;

  constructor(path: string, owner: JournalOwner) {
    this.#path = path;
    this.#owner = owner;
  }

  /** `null` without a file. Throws if its first line is that of no journal. */
  static ownerOf(path: string): JournalOwner | null {
    const journal = readJournal(path);
    const header = journal && headerFrom(journal.header);
    if (header === null && existsSync(path))
      throw new Error(
        'its first line is missing or damaged, as after a crash. If the next run does not begin it again, move it away',
      );
    return header;
  }

  /**
   * @param most How many runs to show: the last ones.
   * @param wholeFile Whether to begin with the whole file, and not with as much of its end as that many runs usually take.
   */
  read(most: number, wholeFile: boolean): LockHistory {
    const bytes = wholeFile ? MAX_BYTES : Math.min(MAX_BYTES, BYTES_AT_LEAST + most * BYTES_PER_RUN);
    const journal = explained(this.#owner.lock, this.#path, () => readJournal(this.#path, bytes));
    if (journal !== null && !this.#isTorn(journal)) this.#expectOurs(journal.header);
    const history = summarize(this.#owner, journal?.text ?? '', most);
    // There may be a huge line that is garbage.
    const isWanting = journal?.isCut === true && history.runs.length < most && bytes < MAX_BYTES;
    return isWanting ? this.read(most, true) : history;
  }

  /**
   * Many processes may do this at once.
   *
   * @param timeout How long to wait while another one is at it, in milliseconds.
   */
  async append(lines: string, limits: Limits, timeout: number): Promise<void> {
    try {
      await new Visits(withSystemDefaults(), systemFileSystem).enter({
        path: this.#path,
        timeout,
        attempted: 'write to',
        section: (stay, path) => this.#appendInside(path, lines, limits, stay),
        unchanged: () => {
          throw new ErrHistory(this.#owner.lock, this.#path, 'the folder has just been removed');
        },
        givenUp: () =>
          new ErrHistory(this.#owner.lock, this.#path, 'another process has been writing for too long'),
      });
    } catch (error) {
      throw ErrHistory.from(this.#owner.lock, this.#path, error);
    }
  }

  /** In the guard. */
  #appendInside(path: string, lines: string, limits: Limits, stay: GuardSection): void {
    const now = new Date();
    const journal = readJournal(path);
    if (journal === null || this.#isTorn(journal)) {
      // With its first line, so that a crash leaves no file without one.
      const header = headerLine({ ...this.#owner, keptBytes: 0, oldest: now });
      replaceJournal(path, `${header}${lines}`, stay);
      return;
    }
    const header = this.#expectOurs(journal.header);
    const size = appendTo(path, lines) ?? 0;
    if (!isDue(header, size, limits, now)) return;
    // There may be no room for a copy. Nothing is missing then, and the next append tries again.
    attempt(() => this.#compact(path, limits, now, stay), undefined);
  }

  /** In the guard, so that nobody appends to the old file meanwhile. */
  #compact(path: string, limits: Limits, now: Date, stay: GuardSection): void {
    stay.sweep(path, { sign: null, writer: undefined });
    const journal = readJournal(path, MAX_BYTES);
    if (journal === null) return;
    replaceJournal(path, compacted(this.#owner, journal.text, limits, now), stay);
  }

  #isTorn({ isTorn, header }: JournalText): boolean {
    return isTorn && isTornHeader(header, this.#owner);
  }

  #expectOurs(line: string): Header {
    const header = headerFrom(line);
    if (header?.lock === this.#owner.lock && header.store === this.#owner.store) return header;
    const what = header === null ? 'something else' : `the history of ${header.lock}`;
    throw new ErrHistory(this.#owner.lock, this.#path, `it contains ${what}, and was not changed`);
  }
}
