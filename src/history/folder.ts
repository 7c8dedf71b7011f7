import { join } from 'node:path';
import type { TrustedFolder } from '../system/files/trusted-folder.js';
import { above, chosenFolder, folder, locksFolder, ours } from '../system/home/locks-folder.js';
import { thisUser, type UserEnvironment } from '../system/home/user-environment.js';

const NAME = 'history';
const LOGS = 'logs';
/** From hier(7): what programs keep across restarts. Root's named locks are in a folder that is emptied at each. */
const OF_ROOT = { linux: '/var/lib', other: '/var/db' };

/**
 * Where the history of this user is kept: beside the named locks, for root in a folder that outlasts a restart. `$LIVINGLOCK_HISTORY`, if
 * set, overrides this. See `docs/history.md`.
 *
 * Throws an `Error` that says why the folder is not known.
 */
export function historyFolder(system: UserEnvironment = thisUser): TrustedFolder {
  const { LIVINGLOCK_HISTORY, LIVINGLOCK_DIR } = system.environment;
  if (LIVINGLOCK_HISTORY) return chosenFolder('LIVINGLOCK_HISTORY', LIVINGLOCK_HISTORY);
  if (!LIVINGLOCK_DIR && isRootOfUnix(system)) return ofRoot(system);
  const { path: locks, steps } = locksFolder(system);
  if (steps.length > 0) return folder([...steps, ours(join(locks, NAME))]);
  // Several users may share a folder of locks, and each has a history.
  return { path: join(locks, system.platform === 'win32' ? NAME : `${NAME}-${system.uid}`), steps };
}

/** Where the output of runs is kept: in the folder of the history, so that whoever moves one moves both. Throws as {@link historyFolder} does. */
export function logsFolder(system: UserEnvironment = thisUser): TrustedFolder {
  const { path: history, steps } = historyFolder(system);
  const path = join(history, LOGS);
  return steps.length === 0 ? { path, steps } : folder([...steps, ours(path)]);
}

/** On macOS root has named locks in its home folder, as everyone. Windows has no such user. */
function isRootOfUnix({ platform, uid }: UserEnvironment): boolean {
  return uid === 0 && platform !== 'darwin' && platform !== 'win32';
}

function ofRoot({ platform }: UserEnvironment): TrustedFolder {
  const state = platform === 'linux' ? OF_ROOT.linux : OF_ROOT.other;
  const livinglock = join(state, 'livinglock');
  return folder([above(state, 0o755), ours(livinglock), ours(join(livinglock, NAME))]);
}
