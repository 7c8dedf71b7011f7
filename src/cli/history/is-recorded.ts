import { historyFolder } from '../../history/folder.js';
import { realFolder } from '../../stores/file/resolve-path.js';
import { attempt } from '../../system/attempt.js';
import { isPath } from '../named-locks/named-locks.js';
import type { RunSettings } from '../run/options/run-options.js';

/**
 * Whether a run is recorded: with a name as its lock, unless the options or an empty `LIVINGLOCK_HISTORY` say otherwise. Whoever names a folder
 * in that variable wants all of them in it.
 *
 * @param lock As on the command line.
 */
export function isRecorded(
  lock: string,
  { history, store }: Pick<RunSettings, 'history' | 'store'>,
): boolean {
  if (history !== 'default') return history === 'on';
  const { LIVINGLOCK_HISTORY } = process.env;
  return LIVINGLOCK_HISTORY === undefined ? store === undefined && !isPath(lock) : LIVINGLOCK_HISTORY !== '';
}

/** The folder that a variable names for the history, if one does. A link in its path may be switched while a command is at work. */
export function chosenFolderNow(): string | undefined {
  const { LIVINGLOCK_DIR, LIVINGLOCK_HISTORY } = process.env;
  // The usual folder is not named by anybody, and it takes many looks at the disk to find it.
  if (!LIVINGLOCK_DIR && !LIVINGLOCK_HISTORY) return undefined;
  // If it is not known, that is told when something is to be written.
  const folder = attempt(historyFolder, null);
  return folder?.steps.length === 0 ? realFolder(folder.path) : undefined;
}
