import { existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { logsFolder } from '../../history/folder.js';
import type { PastRun } from '../../history/index.js';
import type { JournalOwner } from '../../history/journal-line.js';
import { type FoundLog, idOf, logsIn, runOfLog } from '../../history/logs.js';
import { messageOf } from '../../system/message-of.js';
import { say } from '../terminal/messages.js';

/** A file with the output of a run. */
export interface KeptLog {
  readonly path: string;
  /** In milliseconds: comparable, although the clock may have been wrong. */
  readonly start: number;
  /** The beginning of the run's token; `null` for a file to which all runs append. */
  readonly id: string | null;
}

/**
 * The logs of the runs under a lock, the newest first: those beside the history, and in the folders and files that the history names. So a run that is
 * at work, or has no history, has its log among them.
 */
export function findLogs(owner: JournalOwner, runs: readonly PastRun[]): KeptLog[] {
  const outputs = [...new Set(runs.flatMap(({ output }) => output ?? []))];
  const isOfOneRun = (path: string) => runOfLog(owner, basename(path)) !== null;
  const folders = new Set([logsFolder().path, ...outputs.filter(isOfOneRun).map((path) => dirname(path))]);
  const now = Date.now();
  const starts = startsOf(runs, now);
  // What is from the future, and not in the history, was written before the clock was set back.
  const inPast = (time: number) => (time > now ? time - Number.MAX_SAFE_INTEGER : time);
  const logs = [...folders]
    .flatMap((folder) => foundIn(folder, owner))
    .map(({ path, id, startedAt }) => ({ path, id, start: starts.get(id) ?? inPast(startedAt.getTime()) }));
  const appended = outputs
    .filter((path) => !isOfOneRun(path) && existsSync(path))
    .map((path) => ({ path, id: null, start: starts.get(path) ?? 0 }));
  return [...logs, ...appended].toSorted((one, other) => other.start - one.start);
}

/**
 * When runs started, by the beginning of the token and by the file with the output: for a file, the last of its runs. The history is in the order in which
 * runs ended, whatever the clock said: a run from the future counts as started just before the next one, and one from before the previous one just after that.
 */
function startsOf(runs: readonly PastRun[], now: number): ReadonlyMap<string | null, number> {
  const times: number[] = [];
  let next = now;
  for (const { startedAt } of runs.toReversed()) {
    const time = startedAt.getTime();
    next = time > now ? next - 1 : time;
    times.unshift(next);
  }
  const starts = new Map<string | null, number>();
  let start = Number.NEGATIVE_INFINITY;
  for (const [index, { id, output }] of runs.entries()) {
    start = Math.max(start + 1, times[index] ?? start);
    starts.set(id && idOf(id), start).set(output, start);
  }
  return starts;
}

/** A folder that cannot be read must not hide the logs in the others. */
function foundIn(folder: string, owner: JournalOwner): FoundLog[] {
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
