import { realpathSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Job, SchedulerName } from '../../schedule/scheduled-job.js';
import { hasPassword, pingSecret, type Secret, storeSecret } from '../../schedule/secrets/secret.js';
import { CliError, UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { openOwnHistory } from '../history/read-history.js';
import { namedLocksFolder } from '../named-locks/named-locks.js';
import { commandOf } from '../run/options/wrapped-command.js';
import { expectProgram } from '../run/start/find-program.js';
import { say } from '../terminal/messages.js';
import { withLog } from './log-folder.js';
import type { Request } from './schedulers.js';

const STORE = '--store=';
const PING = '--ping=';

/** Every program by its full path: cron's PATH is short, and a Node installed by nvm is only in the PATH of an interactive shell. */
export function jobOf(request: Request, scheduler: SchedulerName): Job {
  const { name, timing, command, line, conflictExitCode, userName, isHardened } = request;
  const runOptions = withHistory(
    withLog(request, scheduler),
    userName === null && scheduler !== 'task-scheduler',
  );
  if (timing === null) {
    throw new UsageError('When should it run? Give --every 2m, --at 03:30 or --at "mon-fri 03:30".');
  }
  if (isHardened && scheduler !== 'systemd') {
    throw new UsageError(`--harden applies to systemd units, not to ${scheduler}.`);
  }
  const words = commandOf(
    command,
    line,
    'Put -- before the command: livinglock schedule --every 2m --name parser -- COMMAND.',
  );
  const directory = expectFolder(request.directory);
  const found = byFullPath(words, directory);
  const { lock, lockFolder } = placeOfLock(request, scheduler);
  return {
    name,
    timing,
    command: [
      ...(scheduler === 'task-scheduler' ? [] : settings(userName)),
      process.execPath,
      ownProgram(),
      'run',
      ...(scheduler === 'cron' ? silentIfBusy(runOptions) : []),
      ...withoutSecrets(runOptions),
      lock,
      ...(line === undefined ? ['--', ...found] : []),
    ],
    directory,
    lockFolder,
    secrets: secretsIn(runOptions),
    isHardened,
    conflictExitCode,
  };
}

/**
 * A job that somebody has scheduled is to be watched: by itself, `run` records only what runs under named locks.
 *
 * @param setsFolder Whether the entry sets `LIVINGLOCK_HISTORY` as it is here, with which `run` records everything.
 */
function withHistory(runOptions: readonly string[], setsFolder: boolean): readonly string[] {
  const { LIVINGLOCK_HISTORY } = process.env;
  const isDecided =
    LIVINGLOCK_HISTORY === '' ||
    (setsFolder && LIVINGLOCK_HISTORY !== undefined) ||
    runOptions.some((option) => option === '--history' || option === '--no-history');
  return isDecided || valueIn(STORE, runOptions) === undefined ? runOptions : [...runOptions, '--history'];
}

/**
 * Sets the variables that say where locks and history are: without them, the runs would not be in the history that this user looks at. The history
 * of another user is where that one may write.
 */
function settings(userName: string | null): readonly string[] {
  const { LIVINGLOCK_DIR, LIVINGLOCK_HISTORY } = process.env;
  const variables = [
    ...(LIVINGLOCK_DIR ? [`LIVINGLOCK_DIR=${namedLocksFolder().path}`] : []),
    // An empty one turns the history off.
    ...(LIVINGLOCK_HISTORY === undefined || userName !== null
      ? []
      : [`LIVINGLOCK_HISTORY=${LIVINGLOCK_HISTORY && openOwnHistory().folder}`]),
  ];
  if (variables.length === 0) return [];
  // For env(1), a program with an equals sign in its path would be one more variable.
  const start = process.execPath.includes('=') ? ['/bin/sh', '-c', 'exec "$0" "$@"'] : [];
  return ['/usr/bin/env', ...variables, ...start];
}

/** @param directory A path of the program is one from this folder, in which the job runs. */
function byFullPath([program = '', ...args]: readonly string[], directory: string): readonly string[] {
  const found = expectProgram(basename(program) === program ? program : resolve(directory, program));
  return [process.platform === 'win32' ? found : resolve(found), ...args];
}

/** The lock as `run` is told it, and the folder that it is in. */
function placeOfLock(
  { name, userName, runOptions }: Request,
  scheduler: SchedulerName,
): { readonly lock: string; readonly lockFolder: string | null } {
  const isChosen = Boolean(process.env['LIVINGLOCK_DIR']);
  // Only a process of another user can tell where that user's named locks are stored.
  const isElsewhere = valueIn(STORE, runOptions) !== undefined || (userName !== null && !isChosen);
  if (isElsewhere) return { lock: name, lockFolder: null };
  const { path: lockFolder } = namedLocksFolder();
  // The lock is in the folder that LIVINGLOCK_DIR names here, and a task on Windows cannot set that variable.
  const isByPath = isChosen && scheduler === 'task-scheduler';
  return { lock: isByPath ? join(lockFolder, `${name.replace(/\.lock$/, '')}.lock`) : name, lockFolder };
}

function secretsIn(runOptions: readonly string[]): readonly Secret[] {
  const store = valueIn(STORE, runOptions);
  const url = valueIn(PING, runOptions);
  const secrets = [
    store === undefined ? null : storeSecret(store),
    url === undefined ? null : pingSecret(url),
  ];
  return secrets.filter((secret) => secret !== null);
}

/** The address of the store that the job gets. */
export function storeOf({ runOptions }: Request): string | undefined {
  return valueIn(STORE, runOptions);
}

/** Of several stores the last one counts, and another one may contain a password. */
function withoutSecrets(runOptions: readonly string[]): readonly string[] {
  const store = valueIn(STORE, runOptions) ?? '';
  return runOptions.filter((option) =>
    option.startsWith(STORE)
      ? option === `${STORE}${store}` && !hasPassword(store)
      : !option.startsWith(PING),
  );
}

function valueIn(prefix: string, options: readonly string[]): string | undefined {
  return options.findLast((option) => option.startsWith(prefix))?.slice(prefix.length);
}

/** cron sends a mail for each line that a job prints. A skipped run deserves none; errors do. */
function silentIfBusy(runOptions: readonly string[]): string[] {
  const hasCode = runOptions.some((option) => option.startsWith('--conflict-exit-code='));
  return [
    ...(runOptions.includes('--quiet') ? [] : ['--quiet']),
    ...(hasCode ? [] : ['--conflict-exit-code=0']),
  ];
}

function expectFolder(path: string): string {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new CliError(ExitCode.noInput, `There is no folder ${folder} for the command to run in.`);
}

/** The real path of this program, because the link to it in a PATH may move. */
export function ownProgram(): string {
  const program = realpathSync(process.argv[1] ?? '');
  if (/[\\/]_npx[\\/]/.test(program)) {
    say(
      'npx may remove this program from its cache at any time: install it (npm install --global livinglock).',
    );
  }
  return program;
}
