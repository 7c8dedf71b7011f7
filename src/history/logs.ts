import fs from 'node:fs';
import { join } from 'node:path';
import { isOwn } from '../system/files/is-own-file.js';
import { namesIn } from '../system/files/names-in.js';
import type { JournalOwner } from './journal-line.js';
import { nameOf } from './journal-name.js';

// Files with the output of runs, one for each run.

/** How much of the run's token is in the name of its log. All of it would let others send heartbeats in its place. */
const SHOWN = 8;

/** What the name of a log says about its run: enough to identify it. */
interface LoggedRun {
  readonly startedAt: Date;
  /** The beginning of its token. */
  readonly id: string;
}

/** The log of a run, as it lies in a folder. */
export interface FoundLog extends LoggedRun {
  readonly name: string;
  readonly path: string;
  readonly modifiedAt: Date;
}

/** The name of the log of a run: names of one lock are in the order in which its runs started. */
export function logName(owner: JournalOwner, startedAt: Date, token: string): string {
  return `${nameOf(owner)}-${inName(startedAt)}-${idOf(token)}.log`;
}

function inName(time: Date): string {
  return time.toISOString().replaceAll(/[-:.]/g, '');
}

export function idOf(token: string): string {
  return token.replaceAll(/[^\w]/g, '').slice(0, SHOWN);
}

/** `null` for a file that is not the log of a run under that lock. */
export function runOfLog(owner: JournalOwner, name: string): LoggedRun | null {
  const prefix = `${nameOf(owner)}-`;
  if (!name.startsWith(prefix)) return null;
  const [, time, id] = /^(\d{8}T\d{9}Z)-(\w{1,8})\.log$/.exec(name.slice(prefix.length)) ?? [];
  if (time === undefined || id === undefined) return null;
  const startedAt = new Date(time.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d)/, '$1-$2-$3:$4:$5.'));
  const isValid = !Number.isNaN(startedAt.getTime()) && inName(startedAt) === time;
  return isValid ? { startedAt, id } : null;
}

/**
 * The logs of the runs under a lock in a folder, which may be one that others write to, too. Others can give a file such a name, or a second name to a
 * file of this user. A log from the future was written before the clock was set back.
 */
export function logsIn(folder: string, owner: JournalOwner): FoundLog[] {
  return namesIn(folder).flatMap((name) => {
    const run = runOfLog(owner, name);
    if (run === null) return [];
    const path = join(folder, name);
    const status = fs.lstatSync(path, { throwIfNoEntry: false });
    if (status?.isFile() !== true || status.nlink > 1 || !isOwn(status)) return [];
    return [{ ...run, name, path, modifiedAt: status.mtime }];
  });
}
