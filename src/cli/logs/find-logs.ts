import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { logsFolder } from '../../history/folder.js';
import type { PastRun } from '../../history/index.js';
import type { JournalOwner } from '../../history/line.js';
import { idOf, runOfLog } from '../../history/log-name.js';
import { logsIn } from '../../history/logs-in.js';

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
  return [...[...folders].flatMap((folder) => logsIn(folder, owner)), ...appended.values()].toSorted(
    (one, other) => other.startedAt.getTime() - one.startedAt.getTime(),
  );
}

/** Whether it is the log of the run with that token. Any run may have appended to a file. */
export function isOf({ id }: KeptLog, token: string | null): boolean {
  return token !== null && (id === null || id === idOf(token));
}
