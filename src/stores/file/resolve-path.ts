import { resolve } from 'node:path';
import { checkedText } from '../shared/lock-name.js';
import { faultOnWindows } from './windows-path.js';

/** The absolute path of a lock. Throws a `TypeError` for what cannot be one, or where two names would be one file. */
export function resolvePath(name: string): string {
  const path = resolve(checkedText('path', name));
  const fault = process.platform === 'win32' ? faultOnWindows(path) : null;
  if (fault !== null) throw new TypeError(`${path} cannot be a lock: ${fault}.`);
  return path;
}
