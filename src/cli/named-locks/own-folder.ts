import { makeFolders } from '../../system/make-folders.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { type NamedLocksFolder, REMEDY, type Step } from './named-locks-folder.js';
import { codeOf, type FileStatus, type Surroundings, surroundings } from './surroundings.js';

/**
 * Makes the folder if it is missing, and verifies that it is ours: another user may have come first where all may write, and
 * would decide whether our jobs run.
 */
export function makeOwnFolder(folder: NamedLocksFolder, system: Surroundings = surroundings): void {
  try {
    // A folder that the user has chosen may be shared with others, as the user likes.
    if (folder.steps.length === 0) makeFolders(folder.path, 0o700);
    for (const step of folder.steps) verify(step, statusOf(step, system) ?? make(step, system), system);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** Verifies the folder as far as it is there, and makes nothing. */
export function verifyOwnFolder(folder: NamedLocksFolder, system: Surroundings = surroundings): void {
  try {
    for (const step of folder.steps) {
      const status = statusOf(step, system);
      if (status === null) return;
      verify(step, status, system);
    }
  } catch (error) {
    throw unusable(folder, error);
  }
}

function statusOf({ path, isOurs }: Step, system: Surroundings): FileStatus | null {
  try {
    // A home folder, or what is in it, may be elsewhere by a link of its owner's.
    return isOurs ? system.lstat(path) : system.stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What is there afterwards may be someone else's, who was faster. */
function make(step: Step, system: Surroundings): FileStatus {
  try {
    system.mkdir(step.path, step.mode);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return step.isOurs ? system.lstat(step.path) : system.stat(step.path);
}

function verify({ path, isOurs }: Step, { kind, uid, mode }: FileStatus, system: Surroundings): void {
  if (kind === 'link') throw new Error(`${path} is a symbolic link`);
  if (kind !== 'folder') throw new Error(`${path} is not a folder`);
  const isTrusted = uid === system.uid || (uid === 0 && !isOurs);
  if (!isTrusted) throw new Error(`${path} belongs to another user (UID ${uid})`);
  // Above ours, a group may write: many systems give each user a group of their own, and let it write (umask 002).
  const isOpen = isOurs ? (mode & 0o022) !== 0 : (mode & 0o1002) === 0o002;
  if (isOpen) {
    const who = isOurs ? 'go' : 'o';
    throw new Error(
      `other users may write to ${path} (mode ${mode.toString(8).padStart(4, '0')}; chmod ${who}-w closes it)`,
    );
  }
}

function unusable({ path }: NamedLocksFolder, error: unknown): CliError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CliError(ExitCode.store, `Cannot keep locks in ${path}: ${reason}. ${REMEDY}`, { cause: error });
}
