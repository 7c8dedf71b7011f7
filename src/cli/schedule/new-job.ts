import { realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Job, SchedulerName } from '../../schedule/job.js';
import { hasPassword } from '../../schedule/store-secret.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { namedLocksFolder } from '../named-locks/named-locks-folder.js';
import { commandOf } from '../run/command-line.js';
import { expectProgram } from '../run/find-program.js';
import { say } from '../terminal/messages.js';
import type { Request } from './request.js';

const STORE = '--store=';

/**
 * Everything by its full path: the PATH of cron is short, and a Node by nvm is only in that of an interactive shell. The
 * same holds for `$LIVINGLOCK_DIR`, so a lock in there is named by its path.
 */
export function jobOf(request: Request, scheduler: SchedulerName): Job {
  const { name, timing, directory, command, line, runOptions, conflictExitCode, userName, isHardened } =
    request;
  if (timing === null) {
    throw new CliError(
      ExitCode.usage,
      'When is it to run? Give --every 2m, --at 03:30 or --at "mon-fri 03:30".',
    );
  }
  if (isHardened && scheduler !== 'systemd') {
    throw new CliError(ExitCode.usage, `--harden is about the units of systemd, not ${scheduler}.`);
  }
  const [program = '', ...args] = commandOf(
    command,
    line,
    'Put -- before the command: livinglock schedule --every 2m --name parser -- COMMAND.',
  );
  const found = expectProgram(program);
  const behind =
    line === undefined ? ['--', process.platform === 'win32' ? found : resolve(found), ...args] : [];
  const store = runOptions.findLast((option) => option.startsWith(STORE))?.slice(STORE.length);
  const storeSecret = store !== undefined && hasPassword(store) ? store : null;
  const isChosen = Boolean(process.env['LIVINGLOCK_DIR']);
  // Where the named locks of another user are, only a run of that user can tell.
  const isElsewhere = store !== undefined || (userName !== null && !isChosen);
  const lockFolder = isElsewhere ? null : namedLocksFolder().path;
  const isInFolder = isChosen && lockFolder !== null;
  const lock = isInFolder ? join(lockFolder, `${name.replace(/\.lock$/, '')}.lock`) : name;
  return {
    name,
    timing,
    command: [
      process.execPath,
      ownProgram(),
      'run',
      ...(scheduler === 'cron' ? silentIfBusy(runOptions) : []),
      ...runOptions.filter((option) => storeSecret === null || !option.startsWith(STORE)),
      lock,
      ...behind,
    ],
    directory: expectFolder(directory),
    lockFolder,
    storeSecret,
    isHardened,
    conflictExitCode,
  };
}

/** cron sends a mail for each line that a job prints. A run that was skipped is no reason for one; errors are. */
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
  throw new CliError(ExitCode.noInput, `There is no folder ${folder} in which the command could run.`);
}

/** Where this program really is, since the link to it in a PATH may move. */
export function ownProgram(): string {
  const program = realpathSync(process.argv[1] ?? '');
  if (/[\\/]_npx[\\/]/.test(program)) {
    say(
      'npx may remove this program from its cache at any time: install it (npm install --global livinglock).',
    );
  }
  return program;
}
