import { type History, type LockHistory, openHistory } from '../../history/index.js';
import { LivingLockError } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { lockPath } from '../named-locks/lock-path.js';

/**
 * The history of the given locks, without names of all, and the folder that it is in.
 *
 * @param last How many runs of each are needed: the last ones. `undefined`: all.
 */
export async function readHistory(
  names: readonly string[],
  last: number | undefined,
): Promise<{ readonly folder: string; readonly locks: readonly LockHistory[] }> {
  const history = openOwnHistory();
  const { folder } = history;
  const all = await history.list({ last });
  if (names.length === 0) return { folder, locks: all };
  const locks: LockHistory[] = [];
  for (const name of names) {
    const path = lockPath(name, false);
    const found = all.filter(({ lock, store }) => lock === (store === null ? path : name));
    // Says why, if it is there but cannot be read.
    locks.push(...(found.length > 0 ? found : [await history.read(path, { last })]));
  }
  return { folder, locks };
}

/** The history of this user. Throws a `CliError` that says what to do. */
export function openOwnHistory(): History {
  try {
    return openHistory();
  } catch (error) {
    if (error instanceof LivingLockError) throw error;
    throw new CliError(
      ExitCode.store,
      `${messageOf(error)}. Set LIVINGLOCK_HISTORY to a folder of your own.`,
    );
  }
}
