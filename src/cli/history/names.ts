import { basename, dirname } from 'node:path';
import type { JournalOwner } from '../../history/journal-line.js';
import { realFolder } from '../../stores/file/resolve-path.js';
import { attempt } from '../../system/attempt.js';
import { lockName, type NamedLock, namedLocksFolder } from '../named-locks/named-locks.js';

/** What people call a lock: its name if it is a named one, and where it is if that is a database. */
export function displayName({ lock, store }: JournalOwner): string {
  return store === null ? nameInStore({ lock, store }) : `${lock} (${store})`;
}

/** The same without the database, for output that already names it. */
export function nameInStore({ lock, store }: JournalOwner): string {
  const folder = folderOfNames();
  const isNamed = store === null && folder !== null && dirname(lock) === realFolder(folder);
  return isNamed ? (lockName(basename(lock)) ?? lock) : lock;
}

/** Those of a store, as people call them. */
export function namedIn(store: string | null, owners: readonly JournalOwner[]): NamedLock[] {
  return owners
    .filter((each) => each.store === store)
    .map((each) => ({ name: nameInStore(each), path: each.lock }));
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
