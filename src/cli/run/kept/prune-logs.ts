import { rmSync } from 'node:fs';
import type { JournalOwner } from '../../../history/line.js';
import { runOfLog } from '../../../history/log-name.js';
import { logsIn } from '../../../history/logs-in.js';

/**
 * Removes the logs of the oldest runs under a lock. The log of a run that may be at work remains: of one that started after this run, and one that
 * was written since then, as by a run beside the lock (`--force`).
 *
 * @param keep How many logs remain.
 * @param own The name of the log of this run, which remains in any case.
 */
export function pruneLogs(folder: string, owner: JournalOwner, keep: number, own: string): void {
  const start = runOfLog(owner, own)?.startedAt ?? new Date(0);
  const others = logsIn(folder, owner).filter(({ name }) => name !== own);
  const excess = Math.max(0, others.length - (keep - 1));
  const oldest = others.toSorted((one, other) => (one.name < other.name ? -1 : 1)).slice(0, excess);
  for (const { path, startedAt, modifiedAt } of oldest) {
    if (startedAt < start && modifiedAt < start) rmSync(path, { force: true });
  }
}
