import { type ErrHistory, type History, type LockHistory, openHistory } from '../../history/index.js';
import { LivingLockError } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { lockPath } from '../named-locks/named-locks.js';
import { say } from '../terminal/messages.js';

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
  if (names.length === 0) return { folder, locks: await readAll(history, last) };
  const inDatabases = (await history.locks()).filter(({ store }) => store !== null);
  const locks: LockHistory[] = [];
  for (const name of names) {
    const file = await history.read(lockPath(name, false), { last });
    const others = inDatabases.filter(({ lock }) => lock === name);
    if (others.length === 0 || file.runs.length > 0 || file.skips !== null) locks.push(file);
    for (const { lock, store } of others) locks.push(await history.read(lock, { last, store }));
  }
  return { folder, locks };
}

async function readAll(history: History, last: number | undefined): Promise<readonly LockHistory[]> {
  const unreadable: ErrHistory[] = [];
  const locks = await history.list({ last, onUnreadable: (error) => unreadable.push(error) });
  const complaint = describeUnreadable(unreadable);
  if (complaint !== null) say(complaint);
  return locks;
}

/** One line about all journals that cannot be read; `null` if every journal can. */
export function describeUnreadable([first, ...more]: readonly ErrHistory[]): string | null {
  if (first === undefined) return null;
  return more.length === 0 ? first.message : `${first.message} ${more.length} more cannot be read either.`;
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
