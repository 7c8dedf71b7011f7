import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ErrLockStore } from '../../core/errors.js';
import { checkedText } from '../shared/lock-name.js';
import { faultOnWindows } from './windows-path.js';

/**
 * The absolute path of a lock, without symbolic links in the path of its folder: if one of them is switched while the lock is held, as a deployment
 * does, the lock stays where it was claimed. Throws a `TypeError` for what cannot be one, or where two names would be one file, and an
 * {@link ErrLockStore} for a relative path if the working folder was removed.
 */
export function resolvePath(name: string): string {
  const path = withRealFolder(absolute(checkedText('path', name)));
  const fault = process.platform === 'win32' ? faultOnWindows(path) : null;
  if (fault !== null) throw new TypeError(`${path} cannot be a lock: ${fault}.`);
  return path;
}

/** The path with {@link realFolder} for its folder. */
export function withRealFolder(path: string): string {
  return join(realFolder(dirname(path)), basename(path));
}

/** The path of a folder without symbolic links, as far as it exists. */
export function realFolder(folder: string): string {
  // What a link leads to may have no other path there, such as a volume without a letter.
  if (process.platform === 'win32') return folder;
  try {
    return realpathSync.native(folder);
  } catch {
    // It does not exist yet, or may not be looked at. Whatever uses the path says why.
    const parent = dirname(folder);
    return parent === folder ? folder : join(realFolder(parent), basename(folder));
  }
}

function absolute(path: string): string {
  try {
    return resolve(path);
  } catch (error) {
    throw ErrLockStore.from(path, 'find the lock', error, {
      ENOENT: 'The working folder was removed: give an absolute path.',
    });
  }
}
