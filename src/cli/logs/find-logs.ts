import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { logsFolder } from '../../history/folder.js';
import type { PastRun } from '../../history/index.js';
import type { JournalOwner } from '../../history/journal-line.js';
import { idOf, logsIn, runOfLog } from '../../history/logs.js';
import { messageOf } from '../../system/message-of.js';
import { say } from '../terminal/messages.js';

/** A file with the output of a run. */
export interface KeptLog {
  readonly path: string;
  readonly startedAt: Date;
  /** The beginning of the run's token; `null` for a file to which all runs append. */
  readonly id: string | null;
}

/**
 * The logs of the runs under a lock, the newest first: those beside the history, and in the folders and files that the history names. So a run that is
 * at work, or has no history, has its log among them.
 */
export function findLogs(owner: JournalOwner, runs: readonly PastRun[]): KeptLog[] {
  const outputs = runs.flatMap(({ output, startedAt }) => (output === null ? [] : [{ output, startedAt }]));
  const isOfOneRun = (path: string) => runOfLog(owner, basename(path)) !== null;
  const folders = new Set([
    logsFolder().path,
    ...outputs.filter(({ output }) => isOfOneRun(output)).map(({ output }) => dirname(output)),
  ]);
  const appended = new Map(
    outputs
      .filter(({ output }) => !isOfOneRun(output) && existsSync(output))
      .map(({ output, startedAt }) => [output, { path: output, startedAt, id: null }]),
  );
  const logs = [...[...folders].flatMap((folder) => foundIn(folder, owner)), ...appended.values()].toSorted(
    (one, other) => other.startedAt.getTime() - one.startedAt.getTime(),
  );
  const now = new Date();
  // Written before the clock was set back.
  const isFromFuture = (log: KeptLog) => log.startedAt > now;
  return [...logs.filter((log) => !isFromFuture(log)), ...logs.filter(isFromFuture)];
}

/** A folder that cannot be read must not hide the logs in the others. */
function foundIn(folder: string, owner: JournalOwner): KeptLog[] {
  try {
    return logsIn(folder, owner);
  } catch (error) {
    say(`The logs in ${folder} cannot be found: ${messageOf(error)}.`);
    return [];
  }
}

/** Whether it is the log of the run with that token. Any run may have appended to a file. */
export function isOf({ id }: KeptLog, token: string | null): boolean {
  return token !== null && (id === null || id === idOf(token));
}
