import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { faultOnWindows } from '../../stores/file/windows-path.js';
import { attempt } from '../../system/attempt.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { makeOwnFolder, namedLocksFolder, verifyOwnFolder } from './named-locks-folder.js';

const EXTENSION = '.lock';

/**
 * The path of a lock from the command line. With a slash it is a path, without one a name in {@link namedLocksFolder}.
 *
 * @param mayCreate Whether to create that folder if it is missing.
 */
export function lockPath(lock: string, mayCreate: boolean): string {
  const path = anyPath(lock, mayCreate);
  const fault = process.platform === 'win32' ? faultOnWindows(path) : null;
  if (fault !== null) throw new CliError(ExitCode.usage, `${path} cannot be a lock: ${fault}.`);
  return path;
}

function anyPath(lock: string, mayCreate: boolean): string {
  if (lock === '') throw new CliError(ExitCode.usage, 'The name of a lock must not be empty.');
  if (isPath(lock)) return resolve(lock);
  if (lock === '.' || lock === '..') {
    throw new CliError(ExitCode.usage, `${lock} is a folder. A lock is a name such as backup, or a path.`);
  }
  const folder = namedLocksFolder();
  if (mayCreate) makeOwnFolder(folder);
  else verifyOwnFolder(folder);
  return join(folder.path, lock.endsWith(EXTENSION) ? lock : `${lock}${EXTENSION}`);
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

/** Whether a lock of the command line is a path, and not a name. */
export function isPath(lock: string): boolean {
  return lock.includes('/') || (process.platform === 'win32' && /[\\:]/.test(lock));
}
