import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { absolutePath, checkedPath, realFolder, resolvePath } from '../../stores/file/resolve-path.js';
import { attempt } from '../../system/attempt.js';
import {
  makeTrustedFolder,
  type TrustedFolder,
  verifyTrustedFolder,
} from '../../system/files/trusted-folder.js';
import { locksFolder } from '../../system/home/locks-folder.js';
import { thisUser, type UserEnvironment } from '../../system/home/user-environment.js';
import { messageOf } from '../../system/message-of.js';
import { systemCode } from '../../system/system-code.js';
import { CliError, UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';

const EXTENSION = '.lock';

/** A lock in the folder of named locks: its name, and its path. */
export interface NamedLock {
  readonly name: string;
  readonly path: string;
}

/** Whether a lock of the command line is a path, and not a name. */
export function isPath(lock: string): boolean {
  return lock.includes('/') || (process.platform === 'win32' && /[\\:]/.test(lock));
}

/**
 * The path of a lock from the command line, as the file store resolves it. With a slash it is a path, without one a name in
 * {@link namedLocksFolder}.
 *
 * @param mayCreate Whether to create that folder if it is missing.
 */
export function lockPath(lock: string, mayCreate: boolean): string {
  try {
    return resolvePath(anyPath(lock, mayCreate));
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function anyPath(lock: string, mayCreate: boolean): string {
  if (lock === '') throw new UsageError('The name of a lock must not be empty.');
  if (isPath(lock)) return absolutePath(checkedPath(lock));
  if (lock === '.' || lock === '..') {
    throw new UsageError(`${lock} is a folder. A lock is a name such as backup, or a path.`);
  }
  return join(ownFolder(mayCreate), lock.endsWith(EXTENSION) ? lock : `${lock}${EXTENSION}`);
}

/** The name of a lock in the folder of named locks, or `null` for a file that is not a lock. */
export function lockName(file: string): string | null {
  return file.endsWith(EXTENSION) ? file.slice(0, -EXTENSION.length) : null;
}

/** A hint for a name that may have been meant as a file in the working folder: which lock it means instead. Else `null`. */
export function hintOnName(lock: string): string | null {
  if (isPath(lock) || !(LIKE_A_FILE.test(lock) || isDataFile(lock))) return null;
  return `${lock} is the name of the lock ${lockPath(lock, false)}. Write ./${lock} for the file of that name in this folder.`;
}

const LIKE_A_FILE = /\.(?:lock|lck|pid)$/i;

/** Not a folder, and not a program: a job may well be named after the program it runs. */
function isDataFile(path: string): boolean {
  const status = attempt(() => statSync(path), null);
  return status?.isFile() === true && (status.mode & 0o111) === 0;
}

/** All locks in the folder of named locks, by name. Does not create the folder. */
export function namedLocks(): NamedLock[] {
  const folder = realFolder(ownFolder(false));
  return entriesOf(folder)
    .map((file) => ({ name: lockName(file) ?? '', path: join(folder, file) }))
    .filter(({ name }) => name !== '')
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw new CliError(
      ExitCode.store,
      `Cannot list the locks in ${folder}: ${messageOf(error)}. Set LIVINGLOCK_DIR to a folder of your own, or give locks as paths.`,
      { cause: error },
    );
  }
}

/** Those that are held, and those that have run, by name. */
export function merged(held: readonly NamedLock[], past: readonly NamedLock[]): readonly NamedLock[] {
  const paths = new Set(held.map(({ path }) => path));
  return [...held, ...past.filter(({ path }) => !paths.has(path))].toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
}

/** What to do if named locks cannot be used. */
const REMEDY = 'Set LIVINGLOCK_DIR to a folder of your own, or give the lock as a path.';

/** Where named locks are stored, see {@link locksFolder}. Throws a `CliError` that says what to do. */
export function namedLocksFolder(system: UserEnvironment = thisUser): TrustedFolder {
  try {
    return locksFolder(system);
  } catch (error) {
    throw new CliError(ExitCode.store, `${messageOf(error)}. ${REMEDY}`, { cause: error });
  }
}

/**
 * The path of that folder. Verifies that whatever of it exists belongs to this user.
 *
 * @param mayCreate Whether to create it if it is missing.
 */
export function ownFolder(mayCreate: boolean, system: UserEnvironment = thisUser): string {
  const folder = namedLocksFolder(system);
  const { path } = folder;
  try {
    if (mayCreate) makeTrustedFolder(folder, system);
    else verifyTrustedFolder(folder, system);
    return path;
  } catch (error) {
    const reason = messageOf(error);
    throw new CliError(ExitCode.store, `Cannot keep locks in ${path}: ${reason}. ${REMEDY}`, {
      cause: error,
    });
  }
}
