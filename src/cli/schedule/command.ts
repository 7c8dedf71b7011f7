import { type Reason, ScheduleError } from '../../schedule/schedule-error.js';
import { SCHEDULERS } from '../../schedule/scheduled-job.js';
import { parseAt as readAt } from '../../schedule/timing/parse-timing.js';
import { InvalidTiming, type Timing } from '../../schedule/timing/timing.js';
import { CliError, UsageError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { defineCommand, type GivenOption } from '../grammar/command-definition.js';
import { longName, type Options, type Values } from '../grammar/option.js';
import { InvalidArgument, matching, parsePositiveDuration } from '../grammar/parse-value.js';
import {
  completeRunOptions,
  GENERAL_OPTIONS,
  RUN_OPTIONS,
  RUN_SECTIONS,
  STALL_UNSEEN,
} from '../run/options/run-options.js';
import { say } from '../terminal/messages.js';
import type { Request } from './schedulers.js';

const OPTIONS = {
  every: {
    flags: '--every <time>',
    description: 'how often, such as 2m, 6h, 1d; for cron, it must divide the hour or the day evenly',
    parse: parseEvery,
    conflicts: ['at'],
  },
  at: {
    flags: '--at <time>',
    description:
      'at a time: 03:30 every day, "mon-fri 03:30", "1,15 03:30" (days of the month), or a cron expression such as "0 3 * * 1-5"',
    parse: parseAt,
  },
  name: {
    flags: '--name <name>',
    description: 'the name of the job and of its lock',
    // It becomes the name of a file and of a unit, and appears on a command line where an option could be.
    parse: matching(
      /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/,
      'The name of a job is up to 100 of the characters A-Z, a-z, 0-9, dot, underscore and hyphen, and begins with a letter, a digit or an underscore.',
    ),
  },
  for: {
    flags: '--for <scheduler>',
    description: "the scheduler (default: this system's)",
    choices: SCHEDULERS,
  },
  directory: {
    flags: '--directory <path>',
    description: 'the folder in which the command runs (default: the current one)',
  },
  system: {
    flags: '--system',
    description: 'for systemd: system units instead of user units (default for root)',
  },
  userName: {
    flags: '--user-name <name>',
    description: "run the command as this user: in system units, or from that user's crontab (as root)",
    // It becomes a value in a unit, and an argument of crontab(1).
    parse: matching(
      /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
      'A user name consists of letters, digits, dots, underscores and hyphens.',
    ),
  },
  harden: {
    flags: '--harden',
    description:
      'for systemd: do not let the command gain privileges (no sudo), or write to /usr, /boot and /etc',
  },
  install: {
    flags: '--install',
    description: 'install it for this user, replacing any job of the same name',
    conflicts: ['uninstall'],
  },
  uninstall: { flags: '--uninstall', description: 'remove it' },
  list: {
    flags: '--list',
    description: 'show what livinglock has scheduled, and when it runs next',
    conflicts: ['install', 'uninstall'],
  },
  json: { flags: '--json', description: 'with --list: print JSON' },
  yes: { flags: '-y, --yes', description: 'do not ask before changing anything' },
  ...RUN_OPTIONS,
} as const satisfies Options;

const EXIT_CODES: Readonly<Record<Reason, number>> = {
  refused: ExitCode.usage,
  absent: ExitCode.notFound,
  failed: ExitCode.store,
  changed: ExitCode.busy,
};

const MISPLACED =
  'Put the name after --name, and -- before the command: livinglock schedule --every 2m --name parser -- COMMAND.';

export const SCHEDULE = defineCommand({
  name: 'schedule',
  summary: 'run a command regularly while holding a lock',
  description:
    'Prints or installs the configuration that makes cron, systemd, launchd or the Task Scheduler run a command regularly through `livinglock run`.',
  usage: '--every TIME --name NAME [options] -- COMMAND [ARG...]',
  options: OPTIONS,
  sections: [{ heading: 'Passed on to livinglock run:', options: GENERAL_OPTIONS }, ...RUN_SECTIONS],
  operands: {},
  tooMany: () => MISPLACED,
  notes: `Examples:
  livinglock schedule --every 2m --name parser -- python manage.py update_user_data
  livinglock schedule --at 03:30 --name backup --install --heartbeat output --stale-timeout 15m -- ./backup.sh
  livinglock schedule --at "mon-fri 18:00" --name report -- ./report.sh
  livinglock schedule --every 7m --name feed --for systemd -- ./feed.sh
  livinglock schedule --uninstall --name backup
  livinglock schedule --list

The command is looked up now, and stored with its full path. The programs it starts are looked up in the scheduler's PATH, which
is short: cron's is /usr/bin:/bin. Under cron a skipped run is silent, and sends no mail (--quiet --conflict-exit-code 0).
A password in a store address, and a ping URL, are kept in a file with mode 600, which the job reads.`,
  isWrapper: true,
  async run(values, { wrapped, given }) {
    const where = {
      scheduler: values.for ?? null,
      isSystem: values.system,
      userName: values.userName ?? null,
    };
    if (values.list) {
      const { list } = await import('./list.js');
      const request = { ...where, name: values.name ?? null, isJson: values.json };
      return withExitCodes(() => list(request));
    }
    if (values.json) throw new UsageError('--json is only for --list.');
    if (values.name === undefined) {
      throw new UsageError('The job and its lock need a name: give --name NAME.');
    }
    if (given.filter(({ name }) => name === 'every' || name === 'at').length > 1) {
      throw new UsageError(
        'A job takes either one --every or one --at. For several times a day, --at takes a cron expression such as "0,30 3 * * *".',
      );
    }
    const { conflictExitCode, isStallUnseen, quiet } = completeRunOptions(values);
    // Under cron, the runs themselves give no hints.
    if (isStallUnseen && !quiet && !values.uninstall) say(STALL_UNSEEN);
    const { schedule } = await import('./schedule.js');
    const request: Request = {
      ...where,
      name: values.name,
      timing: values.every ?? values.at ?? null,
      directory: values.directory ?? '.',
      isHardened: values.harden,
      action: actionOf(values),
      isAgreed: values.yes,
      runOptions: given.filter(({ name }) => name in RUN_OPTIONS).map(wordFor),
      conflictExitCode,
      command: wrapped,
      line: values.command,
    };
    return withExitCodes(() => schedule(request));
  },
});

/** Gives a job that cannot be scheduled the command's exit code for it. */
async function withExitCodes<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new CliError(EXIT_CODES[error.reason], error.message, { cause: error });
  }
}

function actionOf({ install, uninstall }: Values<typeof OPTIONS>): Request['action'] {
  if (install) return 'install';
  return uninstall ? 'uninstall' : 'print';
}

/**
 * Passes the option on. One that the environment gave is passed on too: the scheduler has another environment, and without
 * the store each server would keep a lock of its own in a file.
 */
function wordFor({ option, text }: GivenOption): string {
  return text === null ? longName(option) : `${longName(option)}=${text}`;
}

/** The value of `--every`. */
function parseEvery(text: string): Timing {
  if (/^(?:\S+\s+){4}\S+$/.test(text.trim())) throw new InvalidArgument('For a cron expression, use --at.');
  const seconds = parsePositiveDuration(text) / 1000;
  if (Number.isSafeInteger(seconds)) return { kind: 'every', seconds };
  throw new InvalidArgument('No scheduler counts in units shorter than a second.');
}

/** The value of `--at`. */
function parseAt(text: string): Timing {
  try {
    return readAt(text);
  } catch (error) {
    throw error instanceof InvalidTiming ? new InvalidArgument(error.message) : error;
  }
}
