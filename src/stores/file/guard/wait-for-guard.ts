import { basename, dirname, join } from 'node:path';
import pRetry from 'p-retry';
import { wasInEarlierBoot } from '../../../core/assess/provenance.js';
import { ErrLockStore, ErrNotALock } from '../../../core/errors.js';
import type { Dependencies } from '../../../core/options/dependencies.js';
import type { LockRecord } from '../../../core/record/record.js';
import type { Awaitable } from '../../../core/store.js';
import { blockFor } from '../../../system/block-for.js';
import type { ProcessTable } from '../../../system/processes/process-table.js';
import type { Life } from '../../../system/signs-of-life/sign-of-life.js';
import { systemCode } from '../../../system/system-code.js';
import { isClosedToOthers } from '../closed-folder.js';
import type { FileSystem } from '../file-system.js';
import { LockFileReader } from '../lock-file-reader.js';
import { makeFolder } from '../make-folder.js';
import { askSign } from '../probe-sign.js';
import type { GuardContext } from './guard-context.js';
import type { GuardOwner } from './guard-names.js';
import type { GuardSection, Question } from './guard-types.js';
import { GuardHeld, runGuarded } from './run-guarded.js';

/** How often, and at most how many milliseconds apart, an occupied guard is tried again before giving up: two seconds. */
const GUARD_RETRIES = 100;
const GUARD_RETRY_DELAY = 40;
/**
 * A section takes well under a millisecond, so a caller that must not yield waits for it in place, a quarter of a second in
 * all: on a busy machine the owner may have to wait for a processor.
 */
export const GUARD_PAUSES = [0, 0, 1, 2, 4, 8, 16, 32, 64, 128];

/** From this try on it matters when the owner of an occupied guard began, where a program must be started to find that out: half a second after the first. */
const FIRST_SLOW_TRY = 25;

/** What one try to enter knows. */
interface Attempt {
  readonly answers: GuardContext['answers'];
  /** Whether the owner of the guard may be another process that got the PID. Most owners are just at work. */
  readonly comparesStarts: boolean;
}

/** One stay in the guard. */
export interface Visit<T> {
  readonly path: string;
  /** For the message, if it fails. */
  readonly attempted: string;
  /** What to do, at that path, which leads to the same folder whatever is put in its place meanwhile. */
  readonly section: (stay: GuardSection, path: string) => T;
  /** Whether the section may create a lock, and its folder if necessary. */
  readonly creates?: boolean;
  /** Whether a sign of life is needed that stays. */
  readonly keepsSign?: boolean;
  /** The name of a sign beside the lock that this process keeps already. */
  readonly keptSign?: string | null;
  /** The answer if the folder is gone, and with it what should be changed, or was just created; what is at the path is passed. */
  readonly unchanged: (found: LockRecord | null) => T;
  readonly givenUp: (owner: GuardOwner | null) => Error;
  /** How long, in milliseconds, to wait for an occupied guard. Default: about two seconds. */
  readonly timeout?: number | undefined;
}

/** Enters the guards of locks: creates the folders it needs, waits for an occupied guard, and reports failures. */
export class Visits {
  readonly #clock: Dependencies['clock'];
  readonly #processes: Dependencies['processes'];
  readonly #life: Life | null;
  readonly #fs: FileSystem;
  readonly #file: LockFileReader;

  constructor(dependencies: Dependencies, fileSystem: FileSystem) {
    const { clock, processes, life = null } = dependencies;
    this.#clock = clock;
    this.#processes = processes;
    this.#life = life;
    this.#fs = fileSystem;
    this.#file = new LockFileReader(dependencies, fileSystem);
  }

  /** Synchronously if the guard is free, or becomes free after one of the pauses (in milliseconds); otherwise later. */
  enter<T>(visit: Visit<T>, pauses: readonly number[] = [0]): Awaitable<T> {
    let toAsk: Question | null = null;
    for (const pause of pauses) {
      blockFor(pause);
      try {
        return this.enterNow(visit);
      } catch (error) {
        if (!(error instanceof GuardHeld)) throw error;
        toAsk = error.toAsk;
      }
    }
    return this.#enterLater(visit, toAsk);
  }

  /** Throws {@link GuardHeld} if the guard is occupied. */
  enterNow<T>(visit: Visit<T>): T {
    return attempted(visit.path, visit.attempted, () => this.#whileThere(visit, this.#attempt(0)));
  }

  /** Waits for the guard for as long as its owner is plausibly just at work. */
  async #enterLater<T>(visit: Visit<T>, toAsk: Question | null): Promise<T> {
    const deadline = this.#clock.monotonic() + (visit.timeout ?? Number.POSITIVE_INFINITY);
    const left = () => Math.max(0, deadline - this.#clock.monotonic());
    let question = toAsk;
    let tries = 0;
    try {
      return await pRetry(
        async () => {
          if (question === null) await this.#clock.sleep(Math.min(left(), Math.random() * GUARD_RETRY_DELAY));
          const attempt = this.#attempt(++tries, await this.#ask(question));
          try {
            return attempted(visit.path, visit.attempted, () => this.#whileThere(visit, attempt));
          } catch (error) {
            question = error instanceof GuardHeld ? error.toAsk : null;
            throw error;
          }
        },
        {
          retries: GUARD_RETRIES,
          // The injected clock does the delay, above.
          minTimeout: 0,
          factor: 1,
          shouldRetry: ({ error }) => error instanceof GuardHeld && left() > 0,
        },
      );
    } catch (error) {
      throw error instanceof GuardHeld ? visit.givenUp(error.owner) : error;
    }
  }

  /** An answer is valid for one try: it may be another owner by then, or be dead. */
  async #ask(question: Question | null): Promise<Attempt['answers']> {
    if (question === null || this.#life === null) return new Map();
    const { owner, sign, file } = question;
    return new Map([[owner, await askSign(this.#life, this.#fs, sign, file)]]);
  }

  #attempt(tries: number, answers: Attempt['answers'] = new Map()): Attempt {
    return { answers, comparesStarts: this.#life?.when !== 'claiming' || tries >= FIRST_SLOW_TRY };
  }

  /** If the folder is gone, so is the lock, and there is no place for a guard. */
  #whileThere<T>(visit: Visit<T>, attempt: Attempt, wasThere = false): T {
    const { path, creates = false } = visit;
    try {
      return this.#inFolder(visit, attempt);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      const stored = this.#file.read(path);
      if (stored !== null) {
        // A process that creates a lock may find that another one has just created the folder, and the lock in it.
        if (creates) return visit.unchanged(stored.record);
        throw error;
      }
      // The lock is gone with its folder; or the folder has just been created here, and the caller tries again.
      if (!creates || makeFolder(this.#fs, dirname(path))) return visit.unchanged(null);
      // Another process has just created it. If that happens twice, the folder accepts nothing, like `/proc`.
      if (wasThere) throw error;
      return this.#whileThere(visit, attempt, true);
    }
  }

  /** If others could replace the lock's folder, goes through the folder that was opened. */
  #inFolder<T>(visit: Visit<T>, attempt: Attempt): T {
    const { path, section } = visit;
    const isClosed = isClosedToOthers(dirname(path));
    const folder = isClosed ? null : this.#fs.openFolderSync(dirname(path), true);
    try {
      const there = folder?.path ? `${folder.path}/${basename(path)}` : path;
      const context = this.#context(there, visit, attempt, isClosed);
      return runGuarded(context, there, (stay) => section(stay, there), path);
    } catch (error) {
      throw error instanceof ErrNotALock ? new ErrNotALock(path, error.found) : error;
    } finally {
      folder?.close();
    }
  }

  #context(
    path: string,
    { keepsSign = false, keptSign = null }: Visit<unknown>,
    { answers, comparesStarts }: Attempt,
    isClosed: boolean,
  ): GuardContext {
    return {
      isClosed,
      answers,
      fs: this.#fs,
      processes: comparesStarts ? this.#processes : byPidAlone(this.#processes),
      life: this.#life,
      keepsSign: keepsSign || this.#life?.when === 'entering',
      keptSign: keptSign && join(dirname(path), keptSign),
      isOfEarlierBoot: (process, { status }) =>
        wasInEarlierBoot(process, status.mtimeMs, this.#file.placeOf(path)),
    };
  }
}

/** Whichever process has the PID counts. */
function byPidAlone(processes: ProcessTable): GuardContext['processes'] {
  return {
    self: () => processes.self(),
    liveness: (identity) => processes.liveness({ ...identity, started: null }),
  };
}

/** Puts what was attempted in front of a system error. */
export function attempted<T>(path: string, attempt: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw ErrLockStore.from(path, attempt, error);
  }
}
