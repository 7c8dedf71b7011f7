import { type Command, Option } from 'commander';
import { SCHEDULERS, type SchedulerName, type Timing } from '../../schedule/job.js';
import { addOptions } from '../add-options.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { InvalidArgument } from '../invalid-argument.js';
import { completeRunOptions, RUN_OPTIONS, type RunGiven } from '../run/read-options.js';
import { parseAt, parseEvery } from './parse-timing.js';
import { withExitCodes } from './refusal.js';
import type { Request } from './request.js';

/** What commander gives. */
interface Given extends RunGiven {
  readonly name?: string;
  readonly every?: Timing;
  readonly at?: Timing;
  readonly for?: SchedulerName;
  readonly directory?: string;
  readonly system?: true;
  readonly userName?: string;
  readonly harden?: true;
  readonly install?: true;
  readonly uninstall?: true;
  readonly list?: true;
  readonly json?: true;
  readonly yes?: true;
}

export function defineSchedule(program: Command, wrapped: readonly string[] | null): void {
  const command = program
    .command('schedule')
    .summary('let a command run regularly while holding a lock')
    .description(
      'Prints the configuration with which cron, systemd, launchd or the Task Scheduler run a command regularly, through `livinglock run`; or installs it for you.',
    )
    .usage('--every TIME --name NAME [options] -- COMMAND [ARG...]')
    .addOption(
      new Option(
        '--every <time>',
        'how often, such as 2m, 6h, 1d; cron can only do what divides the hour or the day evenly',
      )
        .argParser(parseEvery)
        .conflicts('at'),
    )
    .addOption(
      new Option(
        '--at <time>',
        'at a time: 03:30 every day, "mon-fri 03:30", "1,15 03:30" (days of the month), or a cron expression such as "0 3 * * 1-5"',
      ).argParser(parseAt),
    )
    .addOption(new Option('--name <name>', 'what the job and its lock are called').argParser(parseName))
    .addOption(
      new Option('--for <scheduler>', 'for whom (default: what this system has)').choices(SCHEDULERS),
    )
    .option('--directory <path>', 'the folder in which the command runs (default: this one)')
    .option('--system', 'for systemd: units of the system instead of your own (default for root)')
    .addOption(
      new Option(
        '--user-name <name>',
        'run the command as this user: in system units, or by the crontab of that user (as root)',
      ).argParser(parseUserName),
    )
    .option(
      '--harden',
      'for systemd: let the command gain no privileges (no sudo), nor write to /usr, /boot and /etc',
    )
    .addOption(
      new Option('--install', 'install it for this user, in place of what has the same name').conflicts(
        'uninstall',
      ),
    )
    .option('--uninstall', 'remove it again')
    .addOption(
      new Option('--list', 'show what livinglock has scheduled, and when it runs next').conflicts([
        'install',
        'uninstall',
      ]),
    )
    .option('--json', 'with --list: for programs')
    .option('-y, --yes', 'do not ask before changing anything')
    .optionsGroup('Options passed on to livinglock run:');
  const own = command.options.length;
  addOptions(command, RUN_OPTIONS)
    .addHelpText(
      'after',
      `
Examples:
  livinglock schedule --every 2m --name parser -- python manage.py update_user_data
  livinglock schedule --at 03:30 --name backup --install --heartbeat output --stale-timeout 15m -- ./backup.sh
  livinglock schedule --at "mon-fri 18:00" --name report -- ./report.sh
  livinglock schedule --every 7m --name feed --for systemd -- ./feed.sh
  livinglock schedule --uninstall --name backup
  livinglock schedule --list

The command is looked for now, and named by its full path. What it starts in turn is found by the scheduler's PATH, which is
short: cron's is /usr/bin:/bin. Under cron a run that is skipped is silent, and sends no mail (--quiet --conflict-exit-code 0).
A password in the address of a store is kept in a file of mode 600, which the job reads.`,
    )
    .action(async (given: Given) => {
      const where = {
        scheduler: given.for ?? null,
        isSystem: given.system ?? false,
        userName: given.userName ?? null,
      };
      if (given.list) {
        const { list } = await import('./list.js');
        const request = { ...where, name: given.name ?? null, isJson: given.json ?? false };
        process.exitCode = await withExitCodes(() => list(request));
        return;
      }
      if (given.json) throw new CliError(ExitCode.usage, '--json is only for --list.');
      if (given.name === undefined) {
        throw new CliError(ExitCode.usage, 'What are the job and its lock called? Give --name NAME.');
      }
      const { schedule } = await import('./schedule.js');
      const request: Request = {
        ...where,
        name: given.name,
        timing: given.every ?? given.at ?? null,
        directory: given.directory ?? '.',
        isHardened: given.harden ?? false,
        action: given.install ? 'install' : given.uninstall ? 'uninstall' : 'print',
        isAgreed: given.yes ?? false,
        runOptions: passed,
        conflictExitCode: completeRunOptions(given).conflictExitCode,
        command: wrapped,
        line: given.command,
      };
      process.exitCode = await withExitCodes(() => schedule(request));
    });
  const passed = collect(command, command.options.slice(own));
}

/** Those options as they were given, to be given once more. */
function collect(command: Command, options: readonly Option[]): readonly string[] {
  const passed: string[] = [];
  for (const option of options) {
    const pass = (value: string | null | undefined) => {
      passed.push(typeof value === 'string' ? `${option.long}=${value}` : `${option.long}`);
    };
    command.on(`option:${option.name()}`, pass);
    // The scheduler has another environment: without the store, each server would keep a lock of its own in a file.
    command.on(`optionEnv:${option.name()}`, pass);
  }
  return passed;
}

/** It becomes the name of a file and of a unit, and stands on a command line where an option could be. */
function parseName(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(text)) return text;
  throw new InvalidArgument(
    'The name of a job is up to 100 of the characters A-Z, a-z, 0-9, dot, underscore and hyphen, and begins with none but a letter, a digit or an underscore.',
  );
}

/** It becomes a value in a unit, and an argument of crontab(1). */
function parseUserName(text: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text)) return text;
  throw new InvalidArgument('The name of a user is letters, digits, dots, underscores and hyphens.');
}
