import { ErrLockStore, ErrNotALock } from '../../../core/errors.js';
import { attempt } from '../../../system/attempt.js';
import type { Sign } from '../../../system/signs-of-life/sign-of-life.js';
import { systemCode, systemError } from '../../../system/system-code.js';
import { threadId } from '../../../system/thread.js';
import { isTaken } from '../file-error-codes.js';
import { type FileSystem, type OpenFolder, within } from '../file-system.js';
import { createEmptyFile, reads, writeText } from '../regular-file.js';
import { removeIfEmpty, removeIfThere } from '../remove-files.js';
import type { GuardContext } from './guard-context.js';
import {
  entrancePath,
  type FileNumbers,
  type GuardOwner,
  guardPath,
  ownerName,
  stagedName,
} from './guard-names.js';
import { ageOfGuard, NEVER_STALE } from './guard-owner.js';
import { GuardSign } from './guard-sign.js';
import { type Survey, survey } from './guard-survey.js';
import type { GuardSection, Question } from './guard-types.js';
import { type Litter, sweepLitter } from './litter.js';
import { isLike, makePrivateFolder } from './private-folder.js';

const PERMISSIONS = 0o777;

/** The guard while this entry owns it, and before that the folder which becomes the guard. */
interface Inside {
  /** `null` if nobody could replace it. */
  folder: OpenFolder | null;
  /** The descriptor of the owner's file, while it is open. */
  file: number | null;
  sign: GuardSign | null;
}

/**
 * The file system that proper-lockfile sees during one entry. By itself that package can have two winners (its issue
 * 121): two contenders that both find a stale lock can both get it, because it removes whatever folder is there by then.
 * Three calls are different here. With them a guard is never visible without its owner, and only a process that
 * names that owner can remove it.
 *
 * Anyone who may write to the folder of the lock can replace our folder at any moment, for example with a link to a folder
 * of root's. If there are such users, files are created and removed through the open folder, which stays the one that was checked.
 */
export class GuardEntry implements GuardSection {
  readonly #context: GuardContext;
  readonly #fs: FileSystem;
  /** The lock's path as its user knows it. */
  readonly #lock: string;
  readonly #name: string;
  #inside: Inside | null = null;
  /** The files of the owner last seen: the only ones that this entry may remove, and finally its own. */
  #seen: readonly string[] = [];
  seenOwner: GuardOwner | null = null;
  /** What could tell more about that owner. */
  toAsk: Question | null = null;
  readonly guard: string;

  constructor(context: GuardContext, path: string, lock: string) {
    this.#context = context;
    this.#fs = context.fs;
    this.#lock = lock;
    this.#name = ownerName({ identity: context.processes.self(), thread: threadId });
    this.guard = guardPath(path);
  }

  /**
   * The test-and-set: a folder that already contains its owner's file is renamed to the guard's path. rename(2) replaces
   * an empty folder, whose owner has left or died while leaving, but never a folder that contains a file.
   */
  mkdirSync(guard: string): void {
    const entrance = entrancePath(guard);
    makePrivateFolder(this.#fs, entrance);
    const inside: Inside = { folder: null, file: null, sign: null };
    try {
      this.#furnish(entrance, inside);
      if (process.platform === 'win32') this.#makeWay(guard, inside);
      this.#fs.renameSync(entrance, guard);
      this.#inside = inside;
    } catch (error) {
      // ENOTDIR: there is something other than a folder. `statSync` says what.
      const isInTheWay = isTaken(error) || systemCode(error) === 'ENOTDIR';
      this.#abandon(entrance, inside);
      // The folder may have been renamed and only the answer lost. No other entry's file has this name.
      if (!isInTheWay) this.#empty(guard, inside);
      inside.folder?.close();
      if (isInTheWay) throw systemError('EEXIST', 'mkdir', guard);
      this.#refuseIfForbidden(error);
      removeIfEmpty(this.#fs, guard);
      // ENOENT: a sweeper took the folder for litter. Then the race is run once more.
      throw systemCode(error) === 'ENOENT' ? systemError('EEXIST', 'mkdir', guard) : error;
    }
  }

  /** Answers with a modification time that reflects the owner: always stale, never stale, or the folder's own. */
  statSync(guard: string): { readonly mtime: Date } {
    if (this.#inside !== null) return { mtime: NEVER_STALE };
    const folder = this.#open(guard);
    try {
      const found = this.#fs.readdirSync(folder.path ?? guard);
      const { stranger, owners, names, signOf } = survey(this.#fs, found, (name) =>
        within(folder, guard, name),
      );
      if (stranger !== undefined) throw this.#notOurs(`something else is in it: ${JSON.stringify(stranger)}`);
      this.#seen = names;
      const { time, owner, toAsk } = ageOfGuard(owners, folder, this.#name, this.#context);
      this.seenOwner = owner ?? this.seenOwner;
      this.toAsk = toAsk === null ? null : this.#questionAbout(toAsk, signOf(toAsk));
      return { mtime: time };
    } finally {
      folder.close();
    }
  }

  /**
   * Removes exactly the files that were seen, then the folder, which fails if a newer owner is in it. So a late contender can neither
   * remove a newer guard nor enter beside it. Signs of life come last, see {@link survey}.
   */
  rmdirSync(guard: string): void {
    if (this.#inside !== null) {
      this.#closeFile(this.#inside);
      const { folder, sign } = this.#inside;
      this.#unlink(within(folder, guard, this.#name));
      if (sign !== null) removeIfThere(this.#fs, within(folder, guard, sign.name));
    } else if (this.#seen.length > 0) {
      const folder = this.#open(guard);
      try {
        for (const name of this.#seen) this.#unlink(within(folder, guard, name));
      } finally {
        folder.close();
      }
    }
    removeIfEmpty(this.#fs, guard);
    this.close();
  }

  /** proper-lockfile sets a time to find out how precise file times are. The answers of `statSync` do not depend on it. */
  utimesSync(): void {}

  sweep(path: string, litter: Litter): void {
    sweepLitter(this.#context, path, litter);
  }

  writeOwnerFile(text: string): string {
    const inside = this.#mustBeInside();
    const own = within(inside.folder, this.guard, this.#name);
    const file = inside.file ?? this.#fs.openSync(own, 'r+');
    inside.file = file;
    writeText(this.#fs, file, text);
    // Not later: a file server may report only now that there was no room.
    inside.file = null;
    this.#fs.closeSync(file);
    return own;
  }

  stage(text: string, move: (staged: string) => void): void {
    const { folder, file } = this.#mustBeInside();
    // With the permissions of the owner's file, which depend on the umask, and not with those of the file being replaced.
    const own = within(folder, this.guard, this.#name);
    const status = file === null ? this.#fs.lstatSync(own) : this.#fs.fstatSync(file);
    this.reserve((staged) => {
      this.#write(staged, text, status && status.mode & PERMISSIONS);
      move(staged);
    });
  }

  reserve(use: (staged: string) => void): void {
    const staged = within(this.#mustBeInside().folder, this.guard, stagedName(this.#name));
    try {
      use(staged);
    } catch (error) {
      removeIfThere(this.#fs, staged);
      throw error;
    }
  }

  keepSign(pathOf: (numbers: FileNumbers) => string): Sign | null {
    const { life, keepsSign } = this.#context;
    if (life === null || !keepsSign) return null;
    const { folder, sign } = this.#mustBeInside();
    const path = within(folder, this.guard, sign?.name ?? this.#name);
    try {
      if (life.isMovable) return sign?.leave(this.#fs, path, pathOf) ?? null;
      return life.keep(pathOf({ dev: this.#fs.lstatSync(path)?.dev ?? 0, ino: 0 }));
    } catch {
      return null;
    }
  }

  close(): void {
    const inside = this.#inside;
    this.#inside = null;
    if (inside === null) return;
    this.#closeFile(inside);
    inside.sign?.close();
    inside.folder?.close();
  }

  /** Puts the owner's file and sign of life into a new folder. */
  #furnish(entrance: string, inside: Inside): void {
    const fs = this.#fs;
    const folder = this.#context.isClosed ? null : fs.openFolderSync(entrance);
    inside.folder = folder;
    // Anyone who can write to the lock's folder can also move another folder of ours here.
    if (folder !== null && fs.readdirSync(folder.path ?? entrance).length > 0) throw this.#exchanged();
    const descriptor = createEmptyFile(fs, within(folder, entrance, this.#name));
    inside.file = descriptor;
    if (folder !== null && !isLike(fs.fstatSync(descriptor), folder.status)) throw this.#exchanged();
    const own = { name: this.#name, descriptor };
    inside.sign = GuardSign.begin(this.#context, own, (name) => within(folder, entrance, name));
  }

  /** Windows renames no folder that contains an open file, and none onto another: an empty one has to go, others stay. A file would be replaced. */
  #makeWay(guard: string, inside: Inside): void {
    if (inside.file !== null) this.#fs.closeSync(inside.file);
    inside.file = null;
    if (this.#fs.lstatSync(guard)?.isDirectory() === false) throw systemError('ENOTDIR', 'rename', guard);
    removeIfEmpty(this.#fs, guard);
  }

  /** Removes the folder that has not become the guard. */
  #abandon(entrance: string, inside: Inside): void {
    // Before they are removed: an NFS client keeps an open file under another name, and so keeps the folder.
    inside.sign?.close();
    this.#closeFile(inside);
    this.#empty(entrance, inside);
    removeIfEmpty(this.#fs, entrance);
  }

  /** Removes the owner's file and sign of life from this entry's folder, wherever that is by now. */
  #empty(place: string, { folder, sign }: Inside): void {
    removeIfThere(this.#fs, within(folder, place, this.#name));
    if (sign !== null) removeIfThere(this.#fs, within(folder, place, sign.name));
  }

  #questionAbout(owner: string, { name, file }: ReturnType<Survey['signOf']>): Question {
    return { owner, file, sign: `${guardPath(this.#lock)}/${name}` };
  }

  /** For a file that is empty, or that has failed. */
  #closeFile(inside: Inside): void {
    const { file } = inside;
    // A descriptor whose close fails is gone anyway; close(2).
    if (file !== null) attempt(() => this.#fs.closeSync(file), undefined);
    inside.file = null;
  }

  #mustBeInside(): Inside {
    if (this.#inside === null) throw new Error('Only the owner of a guard can write there.');
    return this.#inside;
  }

  #write(staged: string, text: string, mode: number | undefined): void {
    try {
      this.#fs.writeFileAtomicSync(staged, text, mode);
      // The package does not look at how much was written: at a limit such as `ulimit -f`, only a part.
      const length = Buffer.byteLength(text);
      const { size = length } = this.#fs.lstatSync(staged) ?? {};
      if (size !== length)
        throw systemError('EFBIG', 'write', staged, 'only a part of the file could be written');
    } catch (error) {
      // Over a network only the answer may be lost.
      if (!reads(this.#fs, staged, text)) throw error;
    }
  }

  #open(guard: string): OpenFolder {
    try {
      return this.#fs.openFolderSync(guard);
    } catch (error) {
      if (['ENOTDIR', 'ELOOP'].includes(systemCode(error) ?? '')) throw this.#notOurs('it is not a folder');
      throw error;
    }
  }

  /** In a sticky folder only its owner can replace even an empty guard. */
  #refuseIfForbidden(error: unknown): void {
    if (!['EPERM', 'EACCES'].includes(systemCode(error) ?? '')) return;
    const uid = this.#fs.lstatSync(this.guard)?.uid;
    if (uid === undefined || uid === process.geteuid?.()) return;
    throw this.#notOurs(`it belongs to user ${uid}, and cannot be replaced`);
  }

  #notOurs(reason: string): Error {
    return new ErrNotALock(this.#lock, `${guardPath(this.#lock)} is in the way: ${reason}`);
  }

  #exchanged(): Error {
    const message = `Cannot change ${this.#lock}: other users have replaced a folder that was created beside it. Use a folder that only trusted users can write to.`;
    return new ErrLockStore(this.#lock, 'EPERM', message);
  }

  #unlink(path: string): void {
    attempt(() => this.#fs.unlinkSync(path), undefined, ['ENOENT']);
  }
}
