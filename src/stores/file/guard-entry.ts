import { ErrLockStore, ErrNotALock } from '../../core/errors.js';
import type { Sign } from '../../system/life/life.js';
import { systemCode, systemError } from '../../system/system-code.js';
import { threadId } from '../../system/thread.js';
import type { FileSystem, OpenFolder } from './file-system.js';
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
import { type Litter, sweepLitter } from './litter.js';
import { isLike, makePrivateFolder } from './private-folder.js';
import { isTaken } from './refusal.js';
import { removeIfEmpty, removeIfThere } from './removal.js';
import type { Question, Stay } from './stay.js';
import type { Surroundings } from './surroundings.js';
import { createEmptyFile, reads, writeText } from './text-file.js';

const PERMISSIONS = 0o777;

/** The guard while this entry owns it. */
interface Inside {
  /** `null` if nobody could replace it. */
  readonly folder: OpenFolder | null;
  /** The descriptor of the owner's file, while it is open. */
  file: number | null;
  readonly sign: GuardSign | null;
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
export class GuardEntry implements Stay {
  readonly #surroundings: Surroundings;
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

  constructor(surroundings: Surroundings, path: string, lock: string) {
    this.#surroundings = surroundings;
    this.#fs = surroundings.fs;
    this.#lock = lock;
    this.#name = ownerName({ identity: surroundings.processes.self(), thread: threadId });
    this.guard = guardPath(path);
  }

  /**
   * The test-and-set: a folder that already contains its owner's file is renamed to the guard's path. rename(2) replaces
   * an empty folder, whose owner has left or died while leaving, but never a folder that contains a file.
   */
  mkdirSync(guard: string): void {
    const fs = this.#fs;
    const entrance = entrancePath(guard);
    makePrivateFolder(fs, entrance);
    let folder: OpenFolder | null = null;
    let file: number | null = null;
    let sign: GuardSign | null = null;
    try {
      if (!this.#surroundings.isClosed) {
        folder = fs.openFolderSync(entrance);
        // Anyone who can write to the lock's folder can also move another folder of ours here.
        if (fs.readdirSync(folder.path ?? entrance).length > 0) throw this.#exchanged();
      }
      file = createEmptyFile(fs, within(folder, entrance, this.#name));
      if (folder !== null && !isLike(fs.fstatSync(file), folder.status)) throw this.#exchanged();
      const own = { name: this.#name, descriptor: file };
      sign = GuardSign.begin(this.#surroundings, own, (name) => within(folder, entrance, name));
      if (process.platform === 'win32') {
        // Windows renames no folder that contains an open file, and none onto another folder, so an empty one has to go first. One that is
        // not empty stays. A file would be replaced.
        fs.closeSync(file);
        file = null;
        if (fs.lstatSync(guard)?.isDirectory() === false) throw systemError('ENOTDIR', 'rename', guard);
        removeIfEmpty(fs, guard);
      }
      fs.renameSync(entrance, guard);
      this.#inside = { folder, file, sign };
    } catch (error) {
      sign?.close();
      if (sign !== null) removeIfThere(fs, within(folder, entrance, sign.name));
      // Before it is removed: an NFS client keeps an open file under another name, and so keeps the folder.
      if (file !== null) closeQuietly(fs, file);
      removeIfThere(fs, within(folder, entrance, this.#name));
      removeIfEmpty(fs, entrance);
      // ENOTDIR: there is something other than a folder. `statSync` says what.
      const isInTheWay = isTaken(error) || systemCode(error) === 'ENOTDIR';
      // The folder may have been renamed and only the answer lost. No other entry's file has this name.
      if (!isInTheWay) {
        removeIfThere(fs, within(folder, guard, this.#name));
        if (sign !== null) removeIfThere(fs, within(folder, guard, sign.name));
      }
      folder?.close();
      if (isInTheWay) throw systemError('EEXIST', 'mkdir', guard);
      this.#refuseIfForbidden(error);
      removeIfEmpty(fs, guard);
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
      const { time, owner, toAsk } = ageOfGuard(owners, folder, this.#name, this.#surroundings);
      this.seenOwner = owner ?? this.seenOwner;
      this.toAsk = toAsk === null ? null : this.#questionAbout(toAsk, signOf(toAsk));
      return { mtime: time };
    } finally {
      folder.close();
    }
  }

  /**
   * Removes exactly the files that were seen, then the folder, which fails if a newer owner is in it. So a late contender can neither
   * remove a newer guard nor enter beside it. Signs of life come last: if this process is killed half-way, an owner without
   * its sign would be one about which nothing is known, while a sign without its owner belongs to nobody.
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
    sweepLitter(this.#surroundings, path, litter);
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
    const { life, keepsSign } = this.#surroundings;
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

  #questionAbout(owner: string, { name, file }: ReturnType<Survey['signOf']>): Question {
    return { owner, file, sign: `${guardPath(this.#lock)}/${name}` };
  }

  #closeFile(inside: Inside): void {
    if (inside.file !== null) closeQuietly(this.#fs, inside.file);
    inside.file = null;
  }

  #mustBeInside(): Inside {
    if (this.#inside === null) throw new Error('Only the owner of a guard can write there.');
    return this.#inside;
  }

  #write(staged: string, text: string, mode: number | undefined): void {
    try {
      this.#fs.writeFileAtomicSync(staged, text, mode);
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
    const reason = `other users have replaced a folder that was created beside it`;
    const message = `Cannot change ${this.#lock}: ${reason}. Use a folder that only trusted users can write to.`;
    return new ErrLockStore(this.#lock, 'EPERM', message);
  }

  #unlink(path: string): void {
    try {
      this.#fs.unlinkSync(path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
}

/** For a file that is empty, or that has failed. */
function closeQuietly(fs: FileSystem, descriptor: number): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    // A descriptor whose close fails is gone anyway; close(2).
  }
}

/** A path inside an open folder: if the system supports that, in exactly this folder, whatever is at its path by now. */
function within(folder: OpenFolder | null, otherwise: string, name: string): string {
  return `${folder?.path ?? otherwise}/${name}`;
}
