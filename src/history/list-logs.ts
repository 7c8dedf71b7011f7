import fs from 'node:fs';
import { join } from 'node:path';
import { isOwn } from '../system/files/is-own-file.js';
import { namesIn } from '../system/files/names-in.js';
import type { JournalOwner } from './journal-line.js';
import { type LoggedRun, runOfLog } from './log-name.js';

const DAY = 86_400_000;

/** The log of a run, as it lies in a folder. */
export interface FoundLog extends LoggedRun {
  readonly name: string;
  readonly path: string;
  readonly modifiedAt: Date;
}

/**
 * The logs of the runs under a lock in a folder, which may be one that others write to, too. Others can give a file such a name, or a second name to a
 * file of this user. One from the future would be the last run forever.
 */
export function logsIn(folder: string, owner: JournalOwner): FoundLog[] {
  const latest = Date.now() + DAY;
  return namesIn(folder).flatMap((name) => {
    const run = runOfLog(owner, name);
    if (run === null || run.startedAt.getTime() > latest) return [];
    const path = join(folder, name);
    const status = fs.lstatSync(path, { throwIfNoEntry: false });
    if (status?.isFile() !== true || status.nlink > 1 || !isOwn(status)) return [];
    return [{ ...run, name, path, modifiedAt: status.mtime }];
  });
}
