import { lstatSync, statSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { makeFolders } from './make-folders.js';

const EXTENSION = '.lock';

/**
 * The path of a lock as it is named on the command line: with a slash a path, without one a name below {@link runtimeFolder}.
 */
export function lockPath(lock: string): string {
  if (lock === '') throw new CliError(ExitCode.usage, 'The name of a lock must not be empty.');
  if (lock.includes('\0'))
    throw new CliError(ExitCode.usage, 'The name of a lock must not contain a NUL byte.');
  if (isPath(lock)) return resolve(lock);
  if (lock === '.' || lock === '..') {
    throw new CliError(ExitCode.usage, `${lock} is a folder. A lock is a name such as backup, or a path.`);
  }
  return join(makeRuntimeFolder(), lock.endsWith(EXTENSION) ? lock : `${lock}${EXTENSION}`);
}

/** What a lock is called below the runtime folder, or `null` for a file that is no lock. */
export function lockName(file: string): string | null {
  return file.endsWith(EXTENSION) ? file.slice(0, -EXTENSION.length) : null;
}

function isPath(lock: string): boolean {
  return lock.includes('/') || (process.platform === 'win32' && /[\\:]/.test(lock));
}

/**
 * Where locks lie that are only named: a folder of this user's own on this machine, emptied at the latest when it restarts or
 * never, and **the same from everywhere**. That is why `$XDG_RUNTIME_DIR` is not asked: it is set in a terminal and not
 * under cron, so a run by hand would not see that the scheduled one is at work, and systemd removes the folder when the
 * user logs out (pam_systemd(8)).
 *
 * `$LIVINGLOCK_DIR` if it is set; else `/run/lock/livinglock-UID` where all may write to `/run/lock`, else
 * `.local/state/livinglock/HOST` in the home folder; macOS: `Library/Application Support/livinglock/HOST`; Windows:
 * `%LOCALAPPDATA%\livinglock`.
 */
export function runtimeFolder(): string {
  const { LIVINGLOCK_DIR, LOCALAPPDATA } = process.env;
  if (LIVINGLOCK_DIR) return resolve(LIVINGLOCK_DIR);
  // From the user database rather than from $HOME, which sudo and su may keep.
  const { homedir, uid } = userInfo();
  switch (process.platform) {
    case 'win32':
      return join(LOCALAPPDATA ?? join(homedir, 'AppData', 'Local'), 'livinglock');
    case 'darwin':
      return join(homedir, 'Library', 'Application Support', 'livinglock', hostname());
    default:
      return isOpen('/run/lock', uid)
        ? `/run/lock/livinglock-${uid}`
        : join(homedir, '.local', 'state', 'livinglock', hostname());
  }
}

/** `/run/lock` is world-writable, so whoever came first may have put something else there. */
function makeRuntimeFolder(): string {
  const folder = runtimeFolder();
  try {
    makeFolders(folder, 0o700);
  } catch (error) {
    throw unusable(folder, error instanceof Error ? error.message : String(error));
  }
  const status = lstatSync(folder);
  if (process.platform === 'win32' || process.env['LIVINGLOCK_DIR']) return folder;
  if (!status.isDirectory()) throw unusable(folder, 'it is no folder');
  if (status.uid !== process.geteuid?.()) throw unusable(folder, 'it belongs to another user');
  if ((status.mode & 0o022) !== 0) throw unusable(folder, 'others may write to it');
  return folder;
}

function unusable(folder: string, reason: string): CliError {
  return new CliError(
    ExitCode.store,
    `Cannot keep locks in ${folder}: ${reason}. Set LIVINGLOCK_DIR to a folder of yours, or name the lock by a path.`,
  );
}

/**
 * By its mode, and not by trying: under a hardened systemd unit the folder may be read-only, and a run there must fail rather
 * than take another lock than everybody else.
 */
function isOpen(folder: string, uid: number): boolean {
  try {
    const { mode } = statSync(folder);
    return uid === 0 || (mode & 0o002) !== 0;
  } catch {
    return false;
  }
}
