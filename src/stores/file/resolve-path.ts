import { resolve } from 'node:path';
import { ErrLockStore } from '../../core/errors.js';
import { checkedText } from '../shared/lock-name.js';
import { faultOnWindows } from './windows-path.js';

/**
 * The absolute path of a lock. Throws a `TypeError` for what cannot be one, or where two names would be one file, and an {@link ErrLockStore} for a
 * relative path if the working folder was removed.
 */
export function resolvePath(name: string): string {
  const path = absolute(checkedText('path', name));
  const fault = process.platform === 'win32' ? faultOnWindows(path) : null;
  if (fault !== null) throw new TypeError(`${path} cannot be a lock: ${fault}.`);
  return path;
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
