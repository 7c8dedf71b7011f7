import { basename, dirname, resolve } from 'node:path';
import pRetry from 'p-retry';
import { ageOf, type Place, provenanceOf, wasInEarlierBoot } from '../../core/assess/provenance.js';
import { composeRecord, releasedRecord } from '../../core/compose-record.js';
import { contentOf } from '../../core/content.js';
import { type Dependencies, withSystemDefaults } from '../../core/dependencies.js';
import { ErrLockBusy, ErrLockStore, ErrNotALock } from '../../core/errors.js';
import { type LockRecord, serializeRecord } from '../../core/record.js';
import type { Awaitable, Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import { blockFor } from '../../system/block-for.js';
import { systemCode } from '../../system/system-code.js';
import { LATEST_FENCING_TIME } from '../shared/fencing-time.js';
import { isWellFormed } from '../shared/lock-name.js';
import {
  type FileStatus,
  type FileSystem,
  isLocal,
  OTHERS_MAY_WRITE,
  systemFileSystem,
} from './file-system.js';
import { isClosedToOthers } from './ground.js';
import { GuardHeld, runGuarded } from './guard.js';
import type { Stay } from './guard-entry.js';
import type { GuardOwner } from './guard-names.js';
import { makeFolder } from './make-folder.js';
import type { Surroundings } from './surroundings.js';
import { MAX_BYTES, readSnapshot, reads, refuseUnlessRegular } from './text-file.js';

/** How often, and at most how many milliseconds apart, an occupied guard is tried again before giving up: two seconds. */
const GUARD_RETRIES = 100;
const GUARD_RETRY_DELAY = 40;
/**
 * A section takes well under a millisecond, so a caller that must not yield waits for it in place, a quarter of a second in
 * all: on a busy machine the owner may have to wait for its turn on a processor.
 */
const GUARD_PAUSES = [0, 0, 1, 2, 4, 8, 16, 32, 64, 128];

/** What a file store takes from its surroundings; what is left out falls back to the system's own. */
export interface FileStoreOptions extends Partial<Dependencies> {
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Keeps each lock in a file of its own, whose path is the lock's name. This is the default store.
 *
 * Never two holders among the processes of one machine and PID namespace. Between namespaces and machines a paused process
 * cannot be told from a dead one; see `docs/protocol.md` for what remains there.
 */
export function fileStore(options: FileStoreOptions = {}): Store {
  return new FileStore(withSystemDefaults(options), options.fileSystem ?? systemFileSystem);
}

/** One stay in the guard. */
interface Visit {
  readonly path: string;
  /** For the message, if it fails. */
  readonly attempted: string;
  /** What to do, at that path, which leads to the same folder whatever is put in its place meanwhile. */
  readonly section: (stay: Stay, path: string) => Outcome;
  /** Whether it is to put a lock where none is, and if need be the folder too. */
  readonly creates?: boolean;
  readonly givenUp: (owner: GuardOwner | null) => Error;
}

class FileStore implements Store {
  readonly #clock: Dependencies['clock'];
  readonly #processes: Dependencies['processes'];
  readonly #fs: FileSystem;

  constructor({ clock, processes }: Dependencies, fileSystem: FileSystem) {
    this.#clock = clock;
    this.#processes = processes;
    this.#fs = fileSystem;
  }

  resolve(name: string): string {
    if (typeof name !== 'string' || name === '') {
      throw new TypeError('The path of a lock must be a string that is not empty.');
    }
    if (name.includes('\0'))
      throw new TypeError(`The path of a lock must not contain a NUL byte: ${JSON.stringify(name)}.`);
    // As UTF-8, the halves of all surrogate pairs are the same character, and two names would be one file.
    if (!isWellFormed(name))
      throw new TypeError(`The path of a lock must not contain half a character: ${JSON.stringify(name)}.`);
    return resolve(name);
  }

  read(path: string): Stored | null {
    return attempt(path, 'read the lock', () => {
      // Saves the error that opening nothing would make, which costs more than all else when the lock is free.
      const there = this.#fs.lstatSync(path);
      if (there === undefined) return null;
      refuseUnlessRegular(path, there);
      return this.#read(path);
    });
  }

  claim(path: string, claim: Claim, over?: string): Awaitable<Outcome> {
    const isNew = over === undefined;
    return this.#enter({
      path,
      attempted: isNew ? 'create the lock' : 'take over the lock',
      section: (stay, there) =>
        isNew ? this.#create(there, claim, stay) : this.#replace(there, claim, over, stay),
      creates: isNew,
      givenUp: (owner) => {
        const stored = this.read(path);
        const reason = `${describeOwner(owner)} is changing it just now`;
        return new ErrLockBusy(path, stored?.record ?? null, stored?.age ?? 0, reason);
      },
    });
  }

  /** On disk when the call returns, so that a job that never yields to the event loop can beat too. */
  beat(path: string, token: string, beat: Beat): Awaitable<Outcome> {
    return this.#enter(
      {
        path,
        attempted: 'write a heartbeat to the lock',
        section: (stay, there) => this.#renew(there, token, beat, stay),
        givenUp: (owner) => this.#occupied(path, owner),
      },
      GUARD_PAUSES,
    );
  }

  /** In place as well, because at the exit of the process there is no later. */
  remove(path: string, token: string, hold = 0): Awaitable<Outcome> {
    return this.#enter(
      {
        path,
        attempted: 'release the lock',
        section: (stay, there) =>
          hold > 0 ? this.#retire(there, token, hold, stay) : this.#discard(there, token),
        givenUp: (owner) => this.#occupied(path, owner),
      },
      GUARD_PAUSES,
    );
  }

  /**
   * In the guard, although link(2) alone would see to it that only one creates: the fencing token is the time, and between
   * looking at the clock and linking a process may be paused while others acquire and release, with later tokens.
   */
  #create(path: string, claim: Claim, stay: Stay): Outcome {
    const record = this.#compose(claim, null);
    const signed = stay.sign(serializeRecord(record));
    try {
      this.#fs.linkSync(signed, path);
      return { done: true, record };
    } catch (error) {
      const code = systemCode(error);
      // EEXIST: somebody else's, or its own: over NFS the answer may be lost, and the kernel's second try finds its own work; open(2).
      // ENOENT: the folder is gone; or this process was paused for so long that the guard was taken from it.
      if (code === 'EEXIST' || code === 'ENOENT') return { done: false, found: null };
      if (isWithoutHardLinks(code)) return this.#replace(path, claim, undefined, stay);
      throw error;
    }
  }

  /** In the guard: puts the claim where nothing is, or in place of exactly the version that was judged. */
  #replace(path: string, claim: Claim, over: string | undefined, stay: Stay): Outcome {
    const stored = this.#read(path);
    if (stored?.version !== over) return { done: false, found: stored?.record ?? null };
    if (stored?.foreign !== undefined) throw new ErrNotALock(path, stored.foreign);
    if (over !== undefined) stay.sweep();
    const record = this.#compose(claim, stored?.record ?? null);
    this.#write(path, record, stay);
    return { done: true, record };
  }

  /** In the guard. */
  #renew(path: string, token: string, { progress, workers }: Beat, stay: Stay): Outcome {
    const current = this.#read(path)?.record ?? null;
    if (current?.token !== token || current.hold !== null) return { done: false, found: current };
    const record = {
      ...current,
      ...this.#now(),
      ...(progress !== undefined && { progress }),
      ...(workers !== undefined && { workers }),
    };
    this.#write(path, record, stay);
    return { done: true, record };
  }

  /** In the guard. Leaves the record for others to judge by how long the lock still counts as held. */
  #retire(path: string, token: string, hold: number, stay: Stay): Outcome {
    const current = this.#read(path)?.record ?? null;
    if (current?.token !== token) return { done: false, found: current };
    const { timestamp: now, monotonic } = this.#now();
    const record = releasedRecord(current, { now, monotonic, hold });
    this.#write(path, record, stay);
    return { done: true, record };
  }

  /** In the guard. */
  #discard(path: string, token: string): Outcome {
    const current = this.#read(path)?.record ?? null;
    if (current?.token !== token) return { done: false, found: current };
    try {
      this.#fs.unlinkSync(path);
    } catch (error) {
      // As above; and later nothing would tell whose lock it was.
      if (!reads(this.#fs, path, null)) throw error;
    }
    return { done: true, record: current };
  }

  /** In the guard. */
  #write(path: string, record: LockRecord, stay: Stay): void {
    const text = serializeRecord(record);
    try {
      stay.stage(text, (staged) => this.#fs.renameSync(staged, path));
    } catch (error) {
      // Over NFS, as above. In the guard nobody else makes any change, so a look tells at once what became of it.
      if (!reads(this.#fs, path, text)) throw error;
    }
  }

  #read(path: string): Stored | null {
    const snapshot = readSnapshot(this.#fs, path);
    if (snapshot === null) return null;
    const { text, status } = snapshot;
    const version = `${status.mtimeMs} ${text}`;
    const content = contentOf(text, status.size <= MAX_BYTES, new Date(status.mtimeMs));
    switch (content.is) {
      case 'record': {
        const { record } = content;
        const place = this.#placeOf(path);
        const provenance = provenanceOf(record, place);
        const age = ageOf(record, provenance, place, this.#sinceHeartbeat(record, status));
        const writtenAge = this.#clock.now() - Math.max(record.timestamp.getTime(), status.mtimeMs);
        return { version, record, age, provenance, writtenAge, writer: writerOf(status) };
      }
      case 'torn':
        return { version, record: null, age: this.#unchangedFor(status), provenance: 'unknown' };
      case 'foreign': {
        const foreign = `it is another kind of file, which begins with ${content.beginning}`;
        return { version, record: null, foreign, age: this.#unchangedFor(status), provenance: 'unknown' };
      }
    }
  }

  #compose(claim: Claim, previous: LockRecord | null): LockRecord {
    const now = this.#clock.now();
    return composeRecord(claim, {
      now: new Date(now),
      monotonic: this.#clock.monotonic(),
      fencingToken: nextFencingToken(previous?.fencingToken ?? 0, now),
    });
  }

  #now(): Pick<LockRecord, 'timestamp' | 'monotonic'> {
    return { timestamp: new Date(this.#clock.now()), monotonic: this.#clock.monotonic() };
  }

  #placeOf(path: string): Place {
    return {
      self: this.#processes.self(),
      clock: this.#clock,
      isLocal: () => isLocal(this.#fs, dirname(path)),
    };
  }

  /**
   * Since the last heartbeat. A time in the future says only that clocks disagree, or that one was set back: it counts as long ago as it
   * is ahead, or the lock could be held for ever.
   */
  #sinceHeartbeat({ timestamp }: LockRecord, { mtimeMs }: FileStatus): number {
    const now = this.#clock.now();
    const age = now - timestamp.getTime();
    return age >= 0 ? age : Math.min(-age, Math.abs(now - mtimeMs));
  }

  /** A change in the future, beyond what clocks differ by, was made while the clock was wrong, and not just now. */
  #unchangedFor({ mtimeMs, ctimeMs }: { readonly mtimeMs: number; readonly ctimeMs: number }): number {
    return Math.abs(this.#clock.now() - Math.max(mtimeMs, ctimeMs));
  }

  #surroundings(path: string, isClosed: boolean): Surroundings {
    return {
      isClosed,
      fs: this.#fs,
      processes: this.#processes,
      isOfEarlierBoot: (process, { status }) =>
        wasInEarlierBoot(process, status.mtimeMs, this.#placeOf(path)),
    };
  }

  /** In place if the guard is free, or becomes so after one of the pauses (in milliseconds); else later. */
  #enter(visit: Visit, pauses: readonly number[] = [0]): Awaitable<Outcome> {
    for (const pause of pauses) {
      blockFor(pause);
      try {
        return attempt(visit.path, visit.attempted, () => this.#whileThere(visit));
      } catch (error) {
        if (!(error instanceof GuardHeld)) throw error;
      }
    }
    return this.#enterLater(visit);
  }

  /** Waits for the guard as long as it is plausible that its owner is only at work. */
  async #enterLater(visit: Visit): Promise<Outcome> {
    try {
      return await pRetry(
        async () => {
          await this.#clock.sleep(Math.random() * GUARD_RETRY_DELAY);
          return attempt(visit.path, visit.attempted, () => this.#whileThere(visit));
        },
        {
          retries: GUARD_RETRIES,
          // The delay comes from the injected clock, above.
          minTimeout: 0,
          factor: 1,
          shouldRetry: ({ error }) => error instanceof GuardHeld,
        },
      );
    } catch (error) {
      throw error instanceof GuardHeld ? visit.givenUp(error.owner) : error;
    }
  }

  /** Where the folder is gone, so is the lock, and there is no place for a guard. */
  #whileThere(visit: Visit, wasThere = false): Outcome {
    const { path, section, creates = false } = visit;
    try {
      return this.#inFolder(path, section);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      const stored = this.#read(path);
      // Who creates may find that another one has just made the folder, and the lock in it.
      if (stored !== null && !creates) throw error;
      if (stored === null && creates && !makeFolder(this.#fs, dirname(path))) {
        // Another one has just made it; or, if that is so again, it takes nothing, as `/proc` does.
        if (wasThere) throw error;
        return this.#whileThere(visit, true);
      }
      return { done: false, found: stored?.record ?? null };
    }
  }

  /** Where others could put another folder in the place of the lock's, by the one that was opened. */
  #inFolder(path: string, section: Visit['section']): Outcome {
    const isClosed = isClosedToOthers(dirname(path));
    if (isClosed) {
      return runGuarded(this.#surroundings(path, isClosed), path, (stay) => section(stay, path));
    }
    const folder = this.#fs.openFolderSync(dirname(path), true);
    try {
      const there = folder.path === null ? path : `${folder.path}/${basename(path)}`;
      return runGuarded(this.#surroundings(there, isClosed), there, (stay) => section(stay, there), path);
    } catch (error) {
      throw error instanceof ErrNotALock ? new ErrNotALock(path, error.found) : error;
    } finally {
      folder.close();
    }
  }

  #occupied(path: string, owner: GuardOwner | null): Error {
    return new ErrLockStore(
      path,
      'EBUSY',
      `${describeOwner(owner)} has been in the middle of changing ${path} for too long; it may be paused. ` +
        'The lock is as it was; call again.',
      { isInDoubt: false },
    );
  }
}

/** The greatest that this process has handed out, for whatever lock. */
let lastFencingToken = 0;

/**
 * A released lock leaves nothing behind to count on from, so the time in microseconds takes the place of a counter. What
 * this process has handed out before makes up for a clock that was set back meanwhile.
 */
function nextFencingToken(previous: number, now: number): number {
  const time = Math.min(Math.floor(now * 1000), LATEST_FENCING_TIME);
  lastFencingToken = Math.max(previous + 1, lastFencingToken + 1, time);
  return lastFencingToken;
}

/**
 * Who has written a file: its owner, if nobody else can write to it, and if it is there under no other name, since it may have been written
 * as another lock. Windows does not tell.
 */
function writerOf({ uid, mode, nlink }: FileStatus): number | null | undefined {
  if (process.geteuid === undefined) return undefined;
  return (mode & OTHERS_MAY_WRITE) === 0 && nlink === 1 ? uid : null;
}

/** Whether that is what link(2) says where the file system has no hard links, or none from one folder to another. */
export function isWithoutHardLinks(code: string | null): boolean {
  return code !== null && ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV'].includes(code);
}

function describeOwner(owner: GuardOwner | null): string {
  if (owner === null) return 'another process';
  const { pid, hostname } = owner.identity;
  return hostname === null ? `PID ${pid}` : `PID ${pid} on ${hostname}`;
}

function attempt<T>(path: string, attempted: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw ErrLockStore.from(path, attempted, error);
  }
}
