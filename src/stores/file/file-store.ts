import { basename, dirname, join } from 'node:path';
import { ErrLockBusy, ErrLockStore, ErrNotALock } from '../../core/errors.js';
import { type DependencyOptions, withSystemDefaults } from '../../core/options/dependencies.js';
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
  const dependencies = withSystemDefaults(options);
  const { clock, processes, life = null } = dependencies;
  const fs = options.fileSystem ?? systemFileSystem;
  const signs = new Signs(dependencies, fs);
  const reader = new LockFileReader(dependencies, fs);
  const visits = new Visits(dependencies, fs);
  return { isPrompt: true, resolve: resolvePath, read, claim, beat, remove, askHolder };

  function read(path: string): Stored | null {
    return attempted(path, 'read the lock', () => {
      // Avoids the error of opening a missing file, which costs more than everything else when the lock is free.
      const there = fs.lstatSync(path);
      if (there === undefined) return null;
      refuseUnlessRegular(path, there);
      return reader.read(path);
    });
  }

  function claim(path: string, claim: Claim, over?: string): Awaitable<Outcome> {
    const isNew = over === undefined;
    const { token } = claim;
    return visits.enter({
      path,
      attempted: isNew ? 'create the lock' : 'take over the lock',
      section: (stay, there): Outcome => {
        const outcome = signs.claim({ path: there, token }, stay, () =>
          isNew ? create(there, claim, stay) : replace(there, claim, over, stay),
        );
        if (outcome.done) signs.plan(token, () => keepSign(path, token));
        return outcome;
      },
      creates: isNew,
      keepsSign: signs.comeFirst,
      unchanged,
      givenUp: (owner) => {
        const stored = read(path);
        const reason = `${describeOwner(owner)} is changing it right now`;
        return new ErrLockBusy(path, stored?.record ?? null, stored?.age ?? 0, reason);
      },
    });
  }

  /** On disk when the call returns, so that a job that never yields to the event loop can send heartbeats too. */
  function beat(path: string, token: string, beat: Beat): Awaitable<Outcome> {
    // A job that never yields to the event loop.
    const keepsSign = signs.isDue(token);
    return change({ path, token }, 'write a heartbeat to the lock', keepsSign, (stay, there) => {
      const renewed = renew(there, token, beat, stay);
      if (renewed.done && signs.isDue(token)) signs.keep({ path: there, token }, stay);
      return renewed;
    });
  }

  /** Throws if that is not possible now. Without one, the holder is known by its PID alone, so the job need not care. */
  function keepSign(path: string, token: string): void {
    visits.enterNow({
      path,
      attempted: 'keep a sign of life at the lock',
      section: (stay, there): Outcome => {
        const found = recordAt(there);
        if (found?.token !== token || found.hold !== null) return { done: false, found };
        signs.keep({ path: there, token }, stay);
        return { done: true, record: found };
      },
      keepsSign: true,
      unchanged,
      givenUp: (owner) => occupied(path, owner),
    });
  }

  /** Synchronous as well, because when the process exits there is no later. */
  function remove(path: string, token: string, hold = 0): Awaitable<Outcome> {
    return change({ path, token }, 'release the lock', false, (stay, there) => {
      const removed = hold > 0 ? retire(there, token, hold, stay) : discard(there, token);
      signs.end({ path: there, token });
      return removed;
    });
  }

  /** Changes a lock that this process holds. */
  function change(
    { path, token }: Held,
    attempt: string,
    keepsSign: boolean,
    section: Visit<Outcome>['section'],
  ): Awaitable<Outcome> {
    const keptSign = signs.nameOf(token);
    const givenUp = (owner: GuardOwner | null) => occupied(path, owner);
    const visit = { path, attempted: attempt, section, keepsSign, keptSign, unchanged, givenUp };
    return signs.dropIfLost(token, visits.enter(visit, GUARD_PAUSES));
  }

  /** The sign counts only if it belongs to the user who wrote the record. */
  async function askHolder(path: string, { process, token }: LockRecord): Promise<Liveness> {
    if (life === null || !isOfSameMachine(process, processes.self())) return 'unknown';
    try {
      const { uid } = fs.lstatSync(path) ?? {};
      const prefix = basename(lifePrefix(path, token ?? '') ?? '');
      if (uid === undefined || prefix === '') return 'unknown';
      for (const name of fs.readdirSync(dirname(path))) {
        const numbers = name.startsWith(`${prefix}.`) ? lifeFrom(name.slice(basename(path).length)) : null;
        if (numbers === null) continue;
        const answer = await askSign(life, fs, join(dirname(path), name), { uid, ...numbers });
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
  function create(path: string, claim: Claim, stay: GuardSection): Outcome {
    const record = compose(claim, null);
    const ownerFile = stay.writeOwnerFile(serializeRecord(record));
    try {
      fs.linkSync(ownerFile, path);
      return { done: true, record };
    } catch (error) {
      if (isLinked(ownerFile)) return { done: true, record };
      const code = systemCode(error);
      // ENOENT: the folder is gone; or this process was paused for so long that the guard was taken from it.
      if (code === 'EEXIST' || code === 'ENOENT') return { done: false, found: null };
      if (isWithoutHardLinks(code)) return replace(path, claim, undefined, stay);
      throw error;
    }
  }

  /** Over NFS the answer to a successful link may be lost; the kernel's second attempt then finds its own work; open(2). */
  function isLinked(ownerFile: string): boolean {
    return attempt(() => fs.lstatSync(ownerFile)?.nlink === 2, false);
  }

  /** In the guard: writes the claim if there is no lock, or in place of exactly the version that was judged. */
  function replace(path: string, claim: Claim, over: string | undefined, stay: GuardSection): Outcome {
    const stored = reader.read(path);
    if (stored?.version !== over) return { done: false, found: stored?.record ?? null };
    if (stored?.foreign !== undefined) throw new ErrNotALock(path, stored.foreign);
    const record = compose(claim, stored?.record ?? null);
    write(path, record, stay);
    // The sign of the previous holder is litter by now, too.
    if (over !== undefined) {
      const sign = signs.pathOf({ path, token: claim.token });
      stay.sweep(path, { sign, writer: stored?.writer });
    }
    return { done: true, record };
  }

  /** In the guard. */
  function renew(path: string, token: string, { progress, workers }: Beat, stay: GuardSection): Outcome {
    const current = recordAt(path);
    if (current?.token !== token || current.hold !== null) return { done: false, found: current };
    const record = {
      ...current,
      ...times(),
      ...(progress !== undefined && { progress }),
      ...(workers !== undefined && { workers }),
    };
    write(path, record, stay);
    return { done: true, record };
  }

  /** In the guard. Leaves the record, so that others can see how long the lock still counts as held. */
  function retire(path: string, token: string, hold: number, stay: GuardSection): Outcome {
    const current = recordAt(path);
    if (current?.token !== token) return { done: false, found: current };
    const { timestamp, monotonic } = times();
    const record = releasedRecord(current, { now: timestamp, monotonic, hold });
    write(path, record, stay);
    return { done: true, record };
  }

  /** In the guard. */
  function discard(path: string, token: string): Outcome {
    const current = recordAt(path);
    if (current?.token !== token) return { done: false, found: current };
    try {
      fs.unlinkSync(path);
    } catch (error) {
      // Over NFS only the answer may be lost; and later nothing would tell whose lock it was.
      if (!reads(fs, path, null)) throw error;
    }
    return { done: true, record: current };
  }

  /** In the guard. */
  function write(path: string, record: LockRecord, stay: GuardSection): void {
    const text = serializeRecord(record);
    try {
      stay.stage(text, (staged) => fs.renameSync(staged, path));
    } catch (error) {
      // Over NFS only the answer may be lost. In the guard nobody else makes any change, so reading the file tells at once what happened.
      if (!reads(fs, path, text)) throw error;
    }
  }

  function recordAt(path: string): LockRecord | null {
    return reader.read(path)?.record ?? null;
  }

  function compose(claim: Claim, previous: LockRecord | null): LockRecord {
    const now = clock.now();
    return composeRecord(claim, {
      now: new Date(now),
      monotonic: sharedTime(clock),
      fencingToken: nextFencingToken(previous?.fencingToken ?? 0, now),
    });
  }

  function times(): Pick<LockRecord, 'timestamp' | 'monotonic'> {
    return { timestamp: new Date(clock.now()), monotonic: sharedTime(clock) };
  }
}

function occupied(path: string, owner: GuardOwner | null): Error {
  return new ErrLockStore(
    path,
    'EBUSY',
    `${describeOwner(owner)} has been in the middle of changing ${path} for too long; it may be paused. ` +
      'The lock is unchanged; call again.',
    { isInDoubt: false },
  );
}

function unchanged(found: LockRecord | null): Outcome {
  return { done: false, found };
}

function describeOwner(owner: GuardOwner | null): string {
  if (owner === null) return 'another process';
  const { pid, hostname } = owner.identity;
  return hostname === null ? `PID ${pid}` : `PID ${pid} on ${hostname}`;
}
