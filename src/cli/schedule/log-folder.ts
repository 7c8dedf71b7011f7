import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { logsFolder } from '../../history/folder.js';
import type { Step } from '../../schedule/installer.js';
import { orFailed } from '../../schedule/schedule-error.js';
import type { SchedulerName } from '../../schedule/scheduled-job.js';
import { makeTrustedFolder, type TrustedFolder } from '../../system/files/trusted-folder.js';
import { isFolder } from '../run/output/kept/run-log.js';
import type { Request } from './schedulers.js';

type LogRequest = Pick<Request, 'runOptions' | 'userName' | 'directory'>;

const WITH_PATH = '--log=';

/**
 * The options for `livinglock run`, with one that keeps the output, unless there is one already. systemd keeps it by itself, in the journal. Where
 * variables of this environment name the folder, a task on Windows gets its full path, because it cannot set them.
 */
export function withLog({ runOptions, userName }: LogRequest, scheduler: SchedulerName): readonly string[] {
  const { LIVINGLOCK_DIR, LIVINGLOCK_HISTORY } = process.env;
  const isChosen =
    scheduler === 'task-scheduler' && Boolean(LIVINGLOCK_DIR || LIVINGLOCK_HISTORY) && userName === null;
  const usual = isChosen ? `${WITH_PATH}${logsFolder().path}/` : '--log';
  // launchd appends what is passed on to a file that nobody trims.
  const isSilent =
    scheduler === 'launchd' && !runOptions.some((option) => /^--(?:output=|no-log$)/.test(option));
  const silent = isSilent ? ['--output=never'] : [];
  const isGiven = (option: string) =>
    option === '--log' || option === '--no-log' || option.startsWith(WITH_PATH);
  const isWanted =
    scheduler !== 'systemd' || runOptions.some((option) => /^--(?:keep-logs|log-size)=/.test(option));
  if (isWanted && !runOptions.some(isGiven)) return [...runOptions, usual, ...silent];
  return [...runOptions.map((option) => (option === '--log' ? usual : option)), ...silent];
}

/** The step that makes the folder of the logs; none if it is there, or another user's. */
export function logFolderSteps(request: LogRequest, scheduler: SchedulerName): Step[] {
  const option = withLog(request, scheduler).findLast((each) => /^--log(?:=|$)/.test(each));
  if (option === undefined || request.userName !== null) return [];
  const folder = folderFor(option, request.directory);
  if (existsSync(folder.path)) return [];
  return [
    {
      lines: [folder.path, '+ a folder for the output of the last runs'],
      apply: () => orFailed(`make ${folder.path}`, async () => makeTrustedFolder(folder)),
    },
  ];
}

function folderFor(option: string, directory: string): TrustedFolder {
  if (!option.startsWith(WITH_PATH)) return logsFolder();
  const written = option.slice(WITH_PATH.length);
  const path = resolve(directory, written);
  return { path: isFolder(written) || isFolder(path) ? path : dirname(path), steps: [] };
}
