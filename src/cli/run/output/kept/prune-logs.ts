import { lstat, rm } from 'node:fs/promises';
import type { JournalOwner } from '../../../../history/journal-line.js';
import { type FoundLog, logsIn } from '../../../../history/logs.js';
import { systemCode } from '../../../../system/system-code.js';

/**
 * The logs of the oldest runs under a lock, which have to go when this run has ended. To be called before the run: what comes later may be
 * the log of a run at work.
 *
 * @param keep How many logs remain.
 * @param own The name of the log of this run, which remains in any case.
 */
export function oldLogs(folder: string, owner: JournalOwner, keep: number, own: string): readonly FoundLog[] {
  const logs = logsIn(folder, owner);
  const start = logs.find(({ name }) => name === own)?.startedAt ?? new Date();
  const others = logs
    .filter(({ name }) => name !== own)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const excess = Math.max(0, others.length - (keep - 1));
  const now = new Date();
  // Written before the clock was set back.
  const isFromFuture = (log: FoundLog) => log.startedAt > now;
  return [...others.filter(isFromFuture), ...others.filter((log) => !isFromFuture(log))]
    .slice(0, excess)
    .filter((log) => log.startedAt <= start || isFromFuture(log));
}

/** Not a log that was written since it was found, as by a run beside the lock (`--force`). One failed removal does not stop the rest. */
export async function removeLogs(logs: readonly FoundLog[]): Promise<void> {
  const removals = await Promise.allSettled(
    logs.map(async (log) => (await isUnchanged(log)) && rm(log.path, { force: true })),
  );
  const failed = removals.find((removal) => removal.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function isUnchanged({ path, modifiedAt }: FoundLog): Promise<boolean> {
  try {
    const status = await lstat(path);
    return status.isFile() && status.mtime.getTime() === modifiedAt.getTime();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
