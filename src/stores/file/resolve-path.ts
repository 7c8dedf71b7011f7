import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { ErrLockStore } from '../../core/errors.js';
import { systemError } from '../../system/system-code.js';
import { checkedText } from '../shared/lock-name.js';
import { faultOnWindows } from './windows-path.js';

/**
 * The absolute path of a lock, without symbolic links in the path of its folder: if one of them is switched while the lock is held, as a deployment
 * does, the lock stays where it was claimed. Throws a `TypeError` for what cannot be one, or where two names would be one file, and an
 * {@link ErrLockStore} for a relative path if the working folder was removed.
 */
export function resolvePath(name: string): string {
  const given = absolute(checkedPath(name));
  const path = join(realFolder(dirname(given)), basename(given));
  const fault = process.platform === 'win32' ? faultOnWindows(path) : null;
  if (fault !== null) throw new TypeError(`${path} cannot be a lock: ${fault}.`);
  return path;
}

const OF_URL = 'Pass its path: in Node, `fileURLToPath(url)`.';

/** Throws a `TypeError` for what cannot be a path. */
export function checkedPath(name: unknown): string {
  if (name instanceof URL) {
    throw new TypeError(`The path of a lock must be a string, but is the URL ${name}. ${OF_URL}`);
  }
  const path = checkedText('path', name);
  const mistake = mistakeIn(path);
  if (mistake === null) return path;
  throw new TypeError(`The path of a lock must not ${mistake} for a file in a folder of that name.`);
}

/** What would become a folder named `~` or `file:` in the working folder, and means another one. `null` for a path. */
function mistakeIn(name: string): string | null {
  if (name.startsWith('file:')) {
    return `be a URL. ${OF_URL} Or write ./${name}`;
  }
  if (name.startsWith('~/')) {
    return `begin with ~/, which only a shell replaces, and not in quotes. Write out the home folder, in Node with homedir(), or ./${name}`;
  }
  return null;
}

/** The path of a folder without symbolic links, as far as it exists. */
export function realFolder(folder: string): string {
  // On Windows, a link's target may have no path of its own, such as a volume without a drive letter.
  if (process.platform === 'win32') return folder;
  try {
    const real = realpathSync.native(folder);
    return real === folder || isSame(real, folder) ? real : folder;
  } catch {
    // It does not exist yet, or may not be looked at. Whatever uses the path says why.
    const parent = dirname(folder);
    return parent === folder ? folder : join(realFolder(parent), basename(folder));
  }
}

/** Not for a path through `/proc/PID/root`, which leads elsewhere than its text says, nor for a name that is not UTF-8, which a text cannot contain. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => statSync(path, { bigint: true }));
  return first?.dev === second?.dev && first?.ino === second?.ino;
}

function absolute(path: string): string {
  try {
    return absolutePath(path);
  } catch (error) {
    throw ErrLockStore.from(path, 'find the lock', error, {
      ENOENT: 'The working folder was removed, renamed or mounted over: give an absolute path.',
    });
  }
}

/** Throws the system's error for a relative path if the working folder is no longer where it was. */
export function absolutePath(path: string): string {
  if (!isAbsolute(path)) expectWorkingFolder();
  return resolve(path);
}

/** Node knows it by its path, which leads elsewhere once the folder was renamed, or another file system was mounted over it. */
function expectWorkingFolder(): void {
  const path = process.cwd();
  if (process.platform === 'win32' || isSame('.', path)) return;
  throw systemError('ENOENT', 'uv_cwd', path, `the working folder is no longer ${path}`);
}
