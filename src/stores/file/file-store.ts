import { basename, dirname, join } from 'node:path';
import { ErrLockBusy, ErrLockStore, ErrNotALock } from '../../core/errors.js';
import {
  type Dependencies,
  type DependencyOptions,
  withSystemDefaults,
} from '../../core/options/dependencies.js';
import { DEPENDENCY_NAMES } from '../../core/options/options.js';
import { refuseUnknown } from '../../core/options/validate.js';
import { composeRecord, releasedRecord } from '../../core/record/compose-record.js';
import { type LockRecord, serializeRecord } from '../../core/record/record.js';
import type { Awaitable, Beat, Claim, Outcome, Store, Stored } from '../../core/store.js';
import { attempt } from '../../system/attempt.js';
import { sharedTime } from '../../system/clock.js';
import { isOfSameMachine } from '../../system/processes/process-identity.js';
import type { Liveness } from '../../system/processes/process-table.js';
import { systemCode } from '../../system/system-code.js';
import { nextFencingToken } from './fencing-token.js';
import { isWithoutHardLinks } from './file-error-codes.js';
import { type FileSystem, systemFileSystem } from './file-system.js';
import { type GuardOwner, lifeFrom, lifePrefix } from './guard/guard-names.js';
import type { GuardSection } from './guard/guard-types.js';
import { attempted, GUARD_PAUSES, type Visit, Visits } from './guard/wait-for-guard.js';
import { LockFileReader } from './lock-file-reader.js';
import { askSign } from './probe-sign.js';
import { reads, refuseUnlessRegular } from './regular-file.js';
import { resolvePath } from './resolve-path.js';
import { type Held, Signs } from './signs-of-life.js';

/** What a file store needs from the system; anything left out defaults to the system's own. */
export interface FileStoreOptions extends DependencyOptions {
  readonly fileSystem?: FileSystem | undefined;
}

/**
 * Keeps each lock in its own file, whose path is the lock's name. This is the default store.
 *
 * Never two holders among the processes of one machine, in containers or not, if the path is on a local file system. Across machines a
 * paused process cannot be told from a dead one; see `docs/limits.md` for this and the remaining cases.
 */
export function fileStore(options: FileStoreOptions = {}): Store {
  refuseUnknown(options, [...DEPENDENCY_NAMES, 'fileSystem']);
  return new FileStore(withSystemDefaults(options), options.fileSystem ?? systemFileSystem);
}

class FileStore implements Store {
  readonly isPrompt = true;
  readonly #clock: Dependencies['clock'];
  readonly #fs: FileSystem;
  readonly #file: LockFileReader;
  readonly #visits: Visits;
  readonly #dependencies: Dependencies;
  readonly #signs: Signs;

  constructor(dependencies: Dependencies, fileSystem: FileSystem) {
    this.#dependencies = dependencies;
    this.#clock = dependencies.clock;
    this.#signs = new Signs(dependencies, fileSystem);
    this.#fs = fileSystem;
    this.#file = new LockFileReader(dependencies, fileSystem);
    this.#visits = new Visits(dependencies, fileSystem);
  }

  resolve(name: string): string {
    return resolvePath(name);
  }

  read(path: string): Stored | null {
    return attempted(path, 'read the lock', () => {
      // Avoids the error of opening a missing file, which costs more than everything else when the lock is free.
      const there = this.#fs.lstatSync(path);
      if (there === undefined) return null;
      refuseUnlessRegular(path, there);
      return this.#file.read(path);
    });
  }

  claim(path: string, claim: Claim, over?: string): Awaitable<Outcome> {
    const isNew = over === undefined;
    const { token } = claim;
    return this.#visits.enter({
      path,
      attempted: isNew ? 'create the lock' : 'take over the lock',
      section: (stay, there): Outcome => {
        const outcome = this.#signs.claim({ path: there, token }, stay, () =>
          isNew ? this.#create(there, claim, stay) : this.#replace(there, claim, over, stay),
        );
        if (outcome.done) this.#signs.plan(token, () => this.#keepSign(path, token));
        return outcome;
      },
      creates: isNew,
      keepsSign: this.#signs.comeFirst,
      unchanged,
      givenUp: (owner) => {
        const stored = this.read(path);
        const reason = `${describeOwner(owner)} is changing it right now`;
        return new ErrLockBusy(path, stored?.record ?? null, stored?.age ?? 0, reason);
      },
    });
  }

  /** On disk when the call returns, so that a job that never yields to the event loop can send heartbeats too. */
  beat(path: string, token: string, beat: Beat): Awaitable<Outcome> {
    // A job that never yields to the event loop.
    const keepsSign = this.#signs.isDue(token);
    return this.#change({ path, token }, 'write a heartbeat to the lock', keepsSign, (stay, there) => {
      const renewed = this.#renew(there, token, beat, stay);
      if (renewed.done && this.#signs.isDue(token)) this.#signs.keep({ path: there, token }, stay);
      return renewed;
    });
  }

  /** Throws if that is not possible now. Without one, the holder is known by its PID alone, so the job need not care. */
  #keepSign(path: string, token: string): void {
    this.#visits.enterNow({
      path,
      attempted: 'keep a sign of life at the lock',
      section: (stay, there): Outcome => {
        const found = this.#file.read(there)?.record ?? null;
        if (found?.token !== token || found.hold !== null) return { done: false, found };
        this.#signs.keep({ path: there, token }, stay);
        return { done: true, record: found };
      },
      keepsSign: true,
      unchanged,
      givenUp: (owner) => this.#occupied(path, owner),
    });
  }

  /** Synchronous as well, because when the process exits there is no later. */
  remove(path: string, token: string, hold = 0): Awaitable<Outcome> {
    return this.#change({ path, token }, 'release the lock', false, (stay, there) => {
      const removed = hold > 0 ? this.#retire(there, token, hold, stay) : this.#discard(there, token);
      this.#signs.end({ path: there, token });
      return removed;
    });
  }

  /** Changes a lock that this process holds. */
  #change(
    { path, token }: Held,
    attempt: string,
    keepsSign: boolean,
    section: Visit<Outcome>['section'],
  ): Awaitable<Outcome> {
    const keptSign = this.#signs.nameOf(token);
    const givenUp = (owner: GuardOwner | null) => this.#occupied(path, owner);
    const visit = { path, attempted: attempt, section, keepsSign, keptSign, unchanged, givenUp };
    return this.#signs.dropIfLost(token, this.#visits.enter(visit, GUARD_PAUSES));
  }

  /** The sign counts only if it belongs to the user who wrote the record. */
  async askHolder(path: string, { process, token }: LockRecord): Promise<Liveness> {
    const { life = null, processes } = this.#dependencies;
    if (life === null || !isOfSameMachine(process, processes.self())) return 'unknown';
    try {
      const { uid } = this.#fs.lstatSync(path) ?? {};
      const prefix = basename(lifePrefix(path, token ?? '') ?? '');
      if (uid === undefined || prefix === '') return 'unknown';
      for (const name of this.#fs.readdirSync(dirname(path))) {
        const numbers = name.startsWith(`${prefix}.`) ? lifeFrom(name.slice(basename(path).length)) : null;
        if (numbers === null) continue;
        const answer = await askSign(life, this.#fs, join(dirname(path), name), { uid, ...numbers });
        if (answer !== 'unknown') return answer;
      }
      return 'unknown';
    } catch {
      return 'unknown';
    }
  }

  /**
   * In the guard, although link(2) alone ensures that only one contender creates the file: the fencing token is the time, and between
   * reading the clock and linking, a process may be paused while others acquire and release with later tokens.
   */
  #create(path: string, claim: Claim, stay: GuardSection): Outcome {
    const record = this.#compose(claim, null);
    const ownerFile = stay.writeOwnerFile(serializeRecord(record));
    try {
      this.#fs.linkSync(ownerFile, path);
      return { done: true, record };
    } catch (error) {
      if (this.#isLinked(ownerFile)) return { done: true, record };
      const code = systemCode(error);
      // ENOENT: the folder is gone; or this process was paused for so long that the guard was taken from it.
      if (code === 'EEXIST' || code === 'ENOENT') return { done: false, found: null };
      if (isWithoutHardLinks(code)) return this.#replace(path, claim, undefined, stay);
      throw error;
    }
  }

  /** Over NFS the answer to a successful link may be lost; the kernel's second attempt then finds its own work; open(2). */
  #isLinked(ownerFile: string): boolean {
    return attempt(() => this.#fs.lstatSync(ownerFile)?.nlink === 2, false);
  }

  /** In the guard: writes the claim if there is no lock, or in place of exactly the version that was judged. */
  #replace(path: string, claim: Claim, over: string | undefined, stay: GuardSection): Outcome {
    const stored = this.#file.read(path);
    if (stored?.version !== over) return { done: false, found: stored?.record ?? null };
    if (stored?.foreign !== undefined) throw new ErrNotALock(path, stored.foreign);
    const record = this.#compose(claim, stored?.record ?? null);
    this.#write(path, record, stay);
    // The sign of the previous holder is litter by now, too.
    if (over !== undefined) {
      const sign = this.#signs.pathOf({ path, token: claim.token });
      stay.sweep(path, { sign, writer: stored?.writer });
    }
    return { done: true, record };
  }

  /** In the guard. */
  #renew(path: string, token: string, { progress, workers }: Beat, stay: GuardSection): Outcome {
    const current = this.#file.read(path)?.record ?? null;
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

  /** In the guard. Leaves the record, so that others can see how long the lock still counts as held. */
  #retire(path: string, token: string, hold: number, stay: GuardSection): Outcome {
    const current = this.#file.read(path)?.record ?? null;
    if (current?.token !== token) return { done: false, found: current };
    const { timestamp: now, monotonic } = this.#now();
    const record = releasedRecord(current, { now, monotonic, hold });
    this.#write(path, record, stay);
    return { done: true, record };
  }

  /** In the guard. */
  #discard(path: string, token: string): Outcome {
    const current = this.#file.read(path)?.record ?? null;
    if (current?.token !== token) return { done: false, found: current };
    try {
      this.#fs.unlinkSync(path);
    } catch (error) {
      // Over NFS only the answer may be lost; and later nothing would tell whose lock it was.
      if (!reads(this.#fs, path, null)) throw error;
    }
    return { done: true, record: current };
  }

  /** In the guard. */
  #write(path: string, record: LockRecord, stay: GuardSection): void {
    const text = serializeRecord(record);
    try {
      stay.stage(text, (staged) => this.#fs.renameSync(staged, path));
    } catch (error) {
      // Over NFS only the answer may be lost. In the guard nobody else makes any change, so reading the file tells at once what happened.
      if (!reads(this.#fs, path, text)) throw error;
    }
  }

  #compose(claim: Claim, previous: LockRecord | null): LockRecord {
    const now = this.#clock.now();
    return composeRecord(claim, {
      now: new Date(now),
      monotonic: sharedTime(this.#clock),
      fencingToken: nextFencingToken(previous?.fencingToken ?? 0, now),
    });
  }

  #now(): Pick<LockRecord, 'timestamp' | 'monotonic'> {
    return { timestamp: new Date(this.#clock.now()), monotonic: sharedTime(this.#clock) };
  }

  #occupied(path: string, owner: GuardOwner | null): Error {
    return new ErrLockStore(
      path,
      'EBUSY',
      `${describeOwner(owner)} has been in the middle of changing ${path} for too long; it may be paused. ` +
        'The lock is unchanged; call again.',
      { isInDoubt: false },
    );
  }
}

function unchanged(found: LockRecord | null): Outcome {
  return { done: false, found };
}

function describeOwner(owner: GuardOwner | null): string {
  if (owner === null) return 'another process';
  const { pid, hostname } = owner.identity;
  return hostname === null ? `PID ${pid}` : `PID ${pid} on ${hostname}`;
}
