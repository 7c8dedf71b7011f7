import { basename, dirname } from 'node:path';
import type { LockHistory } from '../../history/index.js';
import { attempt } from '../../system/attempt.js';
import { lockName, namedLocksFolder } from '../named-locks/named-locks.js';

/** What people call a lock: its name if it is a named one, and where it is if that is a database. */
export function displayName({ lock, store }: Pick<LockHistory, 'lock' | 'store'>): string {
  if (store !== null) return `${lock} (${store})`;
  return dirname(lock) === folderOfNames() ? (lockName(basename(lock)) ?? lock) : lock;
}

let known: { readonly setting: string | undefined; readonly folder: string | null } | undefined;

/** Looked up once, not for each of many locks. `null` if it is not known where named locks are. */
function folderOfNames(): string | null {
  const setting = process.env['LIVINGLOCK_DIR'];
  if (known === undefined || known.setting !== setting) {
    known = { setting, folder: attempt(() => namedLocksFolder().path, null) };
  }
  return known.folder;
}
