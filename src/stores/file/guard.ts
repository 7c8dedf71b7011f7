import { randomUUID } from 'node:crypto';
import { threadId } from 'node:worker_threads';
import lockfile from 'proper-lockfile';
import { systemCode } from '../../errors.js';
import type { ProcessTable } from '../../processes/process-table.js';
import { identityFrom, type ProcessIdentity } from '../../record.js';
import type { FileSystem } from './file-system.js';
import { removeIfEmpty, removeIfThere } from './removal.js';

/**
 * After this many milliseconds a guard is taken from an owner of whom nothing can be learnt: on another machine, or in
 * another PID namespace. From an owner that is known to live it is never taken, from one that is dead at once.
 */
const STALE = 30_000;

/**
 * Modification times that are stale, and are not, whatever the time is. Not the present for the latter: whoever is paused, or
 * suspended, between answering with it and comparing it with the clock would find it stale, and rob a living owner.
 */
const ALWAYS_STALE = new Date(0);
const NEVER_STALE = new Date(8.64e15);

/** The owner of a guard. */
export interface GuardOwner {
  readonly identity: ProcessIdentity;
  readonly thread: number;
}

/** Someone else is inside. */
export class GuardHeld extends Error {
  readonly owner: GuardOwner | null;

  constructor(owner: GuardOwner | null) {
    super('the guard is held');
    this.owner = owner;
  }
}

/** The path of a lock's guard. */
export function guardPath(path: string): string {
  return `${path}.guard`;
}

/**
 * Runs a section while no other process runs one on the same path, or throws {@link GuardHeld}. The section must be
 * short and synchronous: nothing else of this thread runs before it has ended, so sections never nest.
 */
export function runGuarded<T>(fs: FileSystem, processes: ProcessTable, path: string, section: () => T): T {
  const entry = new GuardEntry(fs, processes, guardPath(path));
  let leave: () => void;
  try {
    leave = lockfile.lockSync(path, {
      fs: entry,
      lockfilePath: entry.guard,
      realpath: false,
      stale: STALE,
      // The section is over before the timer that this sets could ever fire.
      update: STALE / 2,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED')
      throw new GuardHeld(entry.seenOwner);
    throw error;
  }
  try {
    return section();
  } finally {
    leaveForCertain(leave, entry);
  }
}

/**
 * What was done in the section is done, so a guard that cannot be removed must not turn it into a failure. The same thread
 * removes it when it comes back; others do once this process is dead.
 */
function leaveForCertain(leave: () => void, entry: GuardEntry): void {
  try {
    leave();
  } catch {
    try {
      entry.rmdirSync(entry.guard);
    } catch {
      // The disk refuses twice.
    }
  }
}

/**
 * The file system that proper-lockfile sees during one entry. By itself that package is not single-winner (its issue
 * 121): two contenders that both find a stale lock can both get it, because it removes whatever folder is there by then.
 * Three calls are different here, and with them a guard is never seen without its owner, and never removed but by one who
 * names that owner.
 */
class GuardEntry {
  readonly #fs: FileSystem;
  readonly #processes: ProcessTable;
  readonly #name: string;
  #inside = false;
  /** The owner's file as last seen: the only one that this entry may remove. */
  #seen: string | null = null;
  seenOwner: GuardOwner | null = null;
  readonly guard: string;

  constructor(fs: FileSystem, processes: ProcessTable, guard: string) {
    this.#fs = fs;
    this.#processes = processes;
    this.#name = ownerName({ identity: processes.self(), thread: threadId });
    this.guard = guard;
  }

  /**
   * The test-and-set: a folder that already holds its owner's file is renamed to the guard's path. rename(2) puts it in
   * the place of an empty folder, whose owner has left or died leaving, but never of one that holds a file.
   */
  mkdirSync(guard: string): void {
    const fs = this.#fs;
    const folder = `${guard}.${randomUUID()}`;
    const file = `${folder}/${this.#name}`;
    makePrivateFolder(fs, folder);
    try {
      fs.closeSync(fs.openSync(file, 'wx'));
      // Windows never renames onto a folder, so an empty one has to go first. One that is not empty stays.
      if (process.platform === 'win32') removeIfEmpty(fs, guard);
      fs.renameSync(folder, guard);
      this.#inside = true;
      this.#seen = this.#name;
    } catch (error) {
      removeIfThere(fs, file);
      removeIfEmpty(fs, folder);
      if (isTaken(error)) throw systemError('EEXIST', 'mkdir', guard);
      // The folder may have been renamed and only the answer lost. No other entry's file has this name.
      removeIfThere(fs, `${guard}/${this.#name}`);
      removeIfEmpty(fs, guard);
      // ENOENT: whoever sweeps litter took the folder for some. Then this is one more race to run again.
      throw systemCode(error) === 'ENOENT' ? systemError('EEXIST', 'mkdir', guard) : error;
    }
  }

  /** Answers with a modification time that says what is true of the owner: at once stale, never stale, or the folder's. */
  statSync(guard: string): { readonly mtime: Date } {
    if (this.#inside) return { mtime: NEVER_STALE };
    const [file] = this.#fs.readdirSync(guard);
    if (file === undefined) return { mtime: ALWAYS_STALE };
    this.#seen = file;
    const owner = ownerFrom(file);
    this.seenOwner = owner;
    // Sections of one thread never overlap: what it finds of its own is left over from one that it could not remove.
    if (withoutToken(file) === withoutToken(this.#name)) return { mtime: ALWAYS_STALE };
    if (owner !== null) {
      switch (this.#processes.liveness(owner.identity)) {
        case 'dead':
          return { mtime: ALWAYS_STALE };
        case 'alive':
          return { mtime: NEVER_STALE };
        case 'unknown':
          break;
      }
    }
    return { mtime: new Date(this.#fs.lstatSync(guard)?.mtimeMs ?? 0) };
  }

  /**
   * Removes exactly the owner's file that was seen, then the folder, which fails when a newer owner is in it. So a late
   * robber can neither remove a newer guard nor enter beside it.
   */
  rmdirSync(guard: string): void {
    if (this.#seen !== null) {
      try {
        this.#fs.unlinkSync(`${guard}/${this.#seen}`);
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error;
      }
    }
    removeIfEmpty(this.#fs, guard);
    this.#inside = false;
  }

  /** proper-lockfile sets a time to find out how exactly times are kept. The answers of `statSync` do not depend on it. */
  utimesSync(): void {}
}

/** Leaves nothing behind when it fails, not even when only the answer was lost. */
function makePrivateFolder(fs: FileSystem, folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    removeIfEmpty(fs, folder);
    throw error;
  }
}

/**
 * The name of the owner's file says who the owner is, and is unique to one entry. In the name rather than in the file,
 * because a name is either there or not: nobody can be killed half-way through writing it.
 */
function ownerName({ identity, thread }: GuardOwner): string {
  const { pid, started, bootId, pidNamespace, hostname } = identity;
  return [randomUUID(), pid, thread, started, bootId, pidNamespace, hostname && fitHostname(hostname)]
    .map((part) => encodeURIComponent(part ?? ''))
    .join(SEPARATOR);
}

/**
 * 63 characters are the longest label of a host name (RFC 1035), and with as many bytes all together stays below the 255 of a
 * file's name. Letters that no such name should have take up to nine bytes each.
 */
function fitHostname(hostname: string): string {
  let fitting = '';
  for (const letter of hostname) {
    if (encodeURIComponent(fitting + letter).length > 63) break;
    fitting += letter;
  }
  return fitting;
}

/** What the names of one owner's files have in common. */
function withoutToken(name: string): string {
  return name.slice(name.indexOf(SEPARATOR));
}

/** The owner whose file has that name, or `null` if it says nothing of the kind. */
export function ownerFrom(name: string): GuardOwner | null {
  const [, pid, thread, ...rest] = name.split(SEPARATOR).map(decode);
  const [started, bootId, pidNamespace, hostname] = rest.map((part) => part || null);
  if (started === undefined || bootId === undefined || pidNamespace === undefined || hostname === undefined)
    return null;
  const identity = identityFrom({
    pid: Number(pid),
    hostname,
    boot_id: bootId,
    pid_namespace: pidNamespace,
    started,
  });
  return identity === null ? null : { identity, thread: Number(thread) };
}

const SEPARATOR = ',';

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** What rename(2) says when a folder that is not empty is in the way; on Windows, any folder. */
export function isTaken(error: unknown): boolean {
  const code = systemCode(error);
  if (code === 'ENOTEMPTY' || code === 'EEXIST') return true;
  return process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES');
}

function systemError(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path });
}
