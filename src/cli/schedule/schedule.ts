import { realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { namedLocksFolder } from '../named-locks-folder.js';
import { say } from '../report.js';
import { expectProgram } from '../run/find-program.js';
import { confirm } from './confirm.js';
import type { Step } from './installer.js';
import { installerFor, schedulerHere } from './installers.js';
import { describeTiming, type Job, type SchedulerName, type Timing } from './job.js';
import { runProgram } from './programs.js';

/** What `livinglock schedule` was told. */
export interface Request {
  readonly name: string;
  readonly timing: Timing | null;
  readonly scheduler: SchedulerName | null;
  readonly directory: string;
  readonly action: 'print' | 'install' | 'uninstall';
  /** Whether all changes are agreed to beforehand. */
  readonly isAgreed: boolean;
  /** For `livinglock run`. */
  readonly runOptions: readonly string[];
  readonly conflictExitCode: number;
  /** What stands behind `--`; `null` where there is no `--`. */
  readonly command: readonly string[] | null;
}

/** Prints, installs or uninstalls the configuration of a job, and gives the exit code. */
export async function schedule(request: Request): Promise<number> {
  const scheduler = request.scheduler ?? schedulerHere();
  const installer = installerFor(scheduler, runProgram);
  const { name, isAgreed } = request;
  switch (request.action) {
    case 'print': {
      const { text, notes } = installer.configure(jobOf(request));
      for (const note of [...notes, ...noteOnStore(request)]) say(note);
      await print(text);
      return ExitCode.ok;
    }
    case 'install': {
      const job = jobOf(request);
      const { notes } = installer.configure(job);
      const steps = await installer.install(job);
      if (steps.length === 0) return tell(`${name} is scheduled like this already: nothing to change.`);
      for (const note of [...notes, ...noteOnStore(request)]) say(note);
      return carryOut(
        steps,
        isAgreed,
        `${name} is scheduled: ${describeTiming(job.timing)}, by ${scheduler}.`,
      );
    }
    case 'uninstall': {
      const steps = await installer.uninstall(name);
      if (steps.length === 0) return tell(`${name} is not scheduled by ${scheduler}: nothing to change.`);
      return carryOut(steps, isAgreed, `${name} is no longer scheduled by ${scheduler}.`);
    }
  }
}

/** The configuration names the store, because a scheduler starts jobs with an environment of its own. */
function noteOnStore({ runOptions }: Request): string[] {
  return runOptions.some((option) => /^--store=\w+:\/\/[^/@]*:[^/@]+@/.test(option))
    ? [
        'The address of the store, with its password, stands in the configuration, and in the list of processes while the job runs. ' +
          'For PostgreSQL, a file such as ~/.pgpass keeps the password to yourself.',
      ]
    : [];
}

function hasStore(runOptions: readonly string[]): boolean {
  return runOptions.some((option) => option.startsWith('--store='));
}

async function carryOut(steps: readonly Step[], isAgreed: boolean, done: string): Promise<number> {
  const lines = steps.flatMap((step) => [...step.lines, '']).map(visible);
  await print(`This is what changes:\n\n${lines.join('\n')}\n`);
  const answer = isAgreed || (await confirm('Go on?'));
  if (answer === null) {
    throw new CliError(
      ExitCode.usage,
      'Nothing was changed: there is no terminal to ask on. Agree by --yes beforehand.',
    );
  }
  if (!answer) {
    await print('Nothing was changed.\n');
    return ExitCode.no;
  }
  for (const step of steps) await step.apply();
  return tell(done);
}

/** What a file of the user's contains is not to move the cursor. */
function visible(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '\u{fffd}');
}

/**
 * Everything by its full path: the PATH of cron is short, and a Node by nvm is in none but that of an interactive shell. The
 * same holds for `$LIVINGLOCK_DIR`, so a lock in there is named by its path.
 */
function jobOf({ name, timing, directory, command, runOptions, conflictExitCode }: Request): Job {
  if (timing === null) {
    throw new CliError(
      ExitCode.usage,
      'When is it to run? Give --every 2m, --at 03:30 or --at "mon-fri 03:30".',
    );
  }
  if (command === null) {
    throw new CliError(
      ExitCode.usage,
      'Put -- before the command: livinglock schedule --every 2m --name parser -- COMMAND.',
    );
  }
  const [program = '', ...args] = command;
  const found = expectProgram(program);
  const lockFolder = hasStore(runOptions) ? null : namedLocksFolder().path;
  const isInFolder = process.env['LIVINGLOCK_DIR'] && lockFolder !== null;
  const lock = isInFolder ? join(lockFolder, `${name.replace(/\.lock$/, '')}.lock`) : name;
  return {
    name,
    timing,
    command: [
      process.execPath,
      ownProgram(),
      'run',
      ...runOptions,
      lock,
      '--',
      process.platform === 'win32' ? found : resolve(found),
      ...args,
    ],
    directory: expectFolder(directory),
    lockFolder,
    conflictExitCode,
  };
}

function expectFolder(path: string): string {
  const folder = resolve(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  throw new CliError(ExitCode.noInput, `There is no folder ${folder} in which the command could run.`);
}

/** Where this program really lies, since the link to it in a PATH may move. */
function ownProgram(): string {
  const program = realpathSync(process.argv[1] ?? '');
  if (/[\\/]_npx[\\/]/.test(program)) {
    say(
      'npx may remove this program from its cache at any time: install it (npm install --global livinglock).',
    );
  }
  return program;
}

async function tell(line: string): Promise<number> {
  await print(`${line}\n`);
  return ExitCode.ok;
}

/** Waits until it is written: on Windows a pipe is written to only later, and the program ends as soon as this is done. */
function print(text: string): Promise<void> {
  return new Promise((written) => {
    process.stdout.write(text, () => written());
  });
}
