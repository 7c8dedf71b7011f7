import { resolve } from 'node:path';
import { isWellFormed } from '../shared/lock-name.js';
import { faultOnWindows } from './windows-path.js';

/** The absolute path of a lock. Throws a `TypeError` for what cannot be one, or where two names would be one file. */
export function resolvePath(name: string): string {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('The path of a lock must be a string that is not empty.');
  }
  if (name.includes('\0'))
    throw new TypeError(`The path of a lock must not contain a NUL byte: ${JSON.stringify(name)}.`);
  // In UTF-8 all unpaired surrogates become the same character.
  if (!isWellFormed(name))
    throw new TypeError(
      `The path of a lock must not contain half a surrogate pair: ${JSON.stringify(name)}.`,
    );
  const path = resolve(name);
  const fault = process.platform === 'win32' ? faultOnWindows(path) : null;
  if (fault !== null) throw new TypeError(`${path} cannot be a lock: ${fault}.`);
  return path;
}
