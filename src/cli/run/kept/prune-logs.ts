import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalOwner } from '../../../history/line.js';
import { runOfLog } from '../../../history/log-name.js';

/**
 * Removes the logs of the oldest runs under a lock. Only regular files count whose names this program gives, so that nothing else in the folder is
 * touched.
 *
 * @param keep How many logs remain.
 * @param own The log of this run, which remains even if a clock was set back.
 */
export function pruneLogs(folder: string, owner: JournalOwner, keep: number, own: string): void {
  const others = readdirSync(folder).filter((name) => name !== own && runOfLog(owner, name) !== null);
  const excess = others.length - (keep - 1);
  if (excess <= 0) return;
  for (const name of others.toSorted().slice(0, excess)) {
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === true) rmSync(path, { force: true });
  }
}
