import { oneLine } from '../../core/describe-holder.js';
import type { LockHistory } from '../../history/index.js';
import { inspect } from '../../index.js';
import { attempt } from '../../system/attempt.js';
import { holderAtWork } from '../jobs/job-figures.js';
import { unlessFailed } from '../jobs/read-jobs.js';
import { namedLocks } from '../named-locks/named-locks.js';
import { holderLine } from '../terminal/holder-line.js';
import { displayName } from './names.js';

/**
 * A line about each lock that is held and has no run in its history: a run is recorded when it has ended. Only locks in files are looked at: the
 * history does not know the password of a database.
 *
 * @param locks What was read. If that is nothing, all named locks are looked at.
 */
export async function firstRunsIn(locks: readonly LockHistory[]): Promise<readonly string[]> {
  const without = locks.filter(({ store, runs }) => store === null && runs.length === 0);
  // Whatever is wrong with the folder of named locks is not about the history.
  const paths =
    locks.length > 0 ? without.map(({ lock }) => lock) : attempt(namedLocks, []).map(({ path }) => path);
  const lines: string[] = [];
  for (const lock of paths) {
    const line = await lineAbout(lock);
    if (line !== null) lines.push(line);
  }
  return lines;
}

/** `null` unless somebody is at work under the lock, and it can be read. */
async function lineAbout(lock: string): Promise<string | null> {
  const inspection = await unlessFailed(inspect(lock), () => {});
  const holder = holderAtWork(inspection);
  if (holder === null) return null;
  const name = oneLine(displayName({ lock, store: null }));
  return `${name}: no run in the history yet. One is in progress: ${holderLine(holder, inspection?.heartbeatAge ?? 0)}.`;
}
