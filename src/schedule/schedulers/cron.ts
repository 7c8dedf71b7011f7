import { difference } from '../install-steps.js';
import {
  type Configuration,
  commandIn,
  type Installer,
  programsIn,
  type Scheduled,
  type Step,
} from '../installer.js';
import { pathIn, quoteForCron, wordsForShell } from '../quote.js';
import { expectSuccess, failure, type RunProgram } from '../run-program.js';
import { refused, ScheduleError } from '../schedule-error.js';
import type { Job } from '../scheduled-job.js';
import type { Secret } from '../secrets/secret.js';
import { FOR_SHELL, SecretFile } from '../secrets/secret-file.js';
import { nearestIntervals, timesOf } from '../timing/calendar.js';
import { formatCronExpression } from '../timing/cron-expression.js';
import { nextOfDescribed } from '../timing/parse-timing.js';
import { describeSeconds, describeTiming, type Timing } from '../timing/timing.js';
import { blockOf, blocksIn, withBlock } from './crontab-blocks.js';

/** The longest command that Debian's cron and its relatives accept (`MAX_COMMAND`). */
const LONGEST_COMMAND = 998;

/**
 * Installs jobs in a user's crontab; see crontab(1) and crontab(5).
 *
 * @param userName `null` for the crontab of the current user.
 */
export function cron(run: RunProgram, home: () => string, userName: string | null): Installer {
  const user = userName === null ? [] : ['-u', userName];
  const secret = (name: string) => new SecretFile(home, 'cron', name, FOR_SHELL);
  const configure = (job: Job) => {
    const [secretOfJob] = job.secrets;
    if (secretOfJob !== undefined && userName !== null) {
      throw noPlaceFor(secretOfJob, userName);
    }
    return configurationOf(job, secret(job.name));
  };
  /** Another user's job has no file, see {@link noPlaceFor}. */
  async function withSecrets(
    { name, secrets }: Pick<Job, 'name' | 'secrets'>,
    steps: Step[],
  ): Promise<Step[]> {
    return userName === null ? secret(name).around(steps, secrets) : steps;
  }
  async function change(name: string, block: string | null): Promise<Step[]> {
    const before = await readCrontab(run, user);
    const after = withBlock(before, name, block);
    if (before === after) return [];
    return [
      {
        lines: [`the crontab of ${userName ?? 'this user'}`, ...difference(before, after).map(decode)],
        async apply() {
          if ((await readCrontab(run, user)) !== before) {
            throw new ScheduleError(
              'changed',
              'The crontab has just been changed by someone else, so it was left alone. Try again.',
            );
          }
          await writeCrontab(run, user, after);
        },
      },
    ];
  }
  return {
    configure,
    async install(job) {
      const { text } = configure(job);
      return withSecrets(job, await change(job.name, encode(text)));
    },
    async uninstall(name) {
      return withSecrets({ name, secrets: [] }, await change(name, null));
    },
    startCommand: () => null,
    async list(now) {
      return blocksIn(decode(await readCrontab(run, user))).map(({ name, line }) =>
        scheduledBy(name, line, now),
      );
    },
  };
}

function scheduledBy(name: string, line: string, now: Date): Scheduled {
  const [when = line] = /^\S+(?: \S+){4}(?= )/.exec(line) ?? [];
  const words = wordsForShell(line);
  return {
    name,
    scheduler: 'cron',
    when,
    next: nextOfDescribed(`at ${when}`, now),
    command: commandIn(words),
    programs: programsIn(words.map(pathIn)),
  };
}

/** The file would have to belong to that user, in a folder where root should not write. */
function noPlaceFor({ reason }: Secret, userName: string): ScheduleError {
  return refused(
    `${reason}, and only ${userName} can keep the file for it. ` +
      `Run livinglock schedule as that user (sudo -H -u ${userName}), without --user-name.`,
  );
}

function configurationOf(job: Job, secret: SecretFile): Configuration {
  const { name, timing, directory, secrets } = job;
  if ([directory, ...job.command].some((word) => word.includes('\n'))) {
    throw refused(
      'A line of a crontab cannot contain a line break. Put the command into a script, or let systemd run it (--for systemd).',
    );
  }
  const line = `cd ${quoteForCron(directory)} && ${secret.readBy(job).map(quoteForCron).join(' ')}`;
  return {
    text: blockOf(name, `${fieldsOf(timing)} ${line}`),
    notes: [
      ...secret.notes(secrets),
      ...(Buffer.byteLength(line) > LONGEST_COMMAND
        ? [
            `The line is longer than the ${LONGEST_COMMAND} bytes that some versions of cron accept. Put the command into a script.`,
          ]
        : []),
    ],
  };
}

/** The five fields in front of the command. */
function fieldsOf(timing: Timing): string {
  const times = timesOf(timing);
  if (times === null) throw cannotRun(timing);
  return formatCronExpression(times);
}

function cannotRun(timing: Timing): ScheduleError {
  const nearest = timing.kind === 'every' ? nearestIntervals(timing.seconds).map(describeSeconds) : [];
  return refused(
    `cron cannot run a job ${describeTiming(timing)}: it supports only whole minutes that divide an hour or a day evenly. ` +
      `Nearest to it: ${nearest.join(', ')}. systemd can run it ${describeTiming(timing)} (--for systemd).`,
  );
}

/**
 * What Debian's crontab(1) writes in front of each crontab. By default its `-l` leaves out up to three comments at the beginning, whatever they are,
 * which may be the user's. CRONTAB_NOHEADER=N makes it print them all.
 */
const HEADER = /^# DO NOT EDIT THIS FILE - .*\n# \(.* installed on .*\)\n# \(Cron version .*\)\n/;

/** Decoded as latin1, see {@link withBlock}. */
async function readCrontab(run: RunProgram, user: readonly string[]): Promise<string> {
  const args = [...user, '-l'];
  const result = await run('crontab', args);
  if (result.status === 0) return result.stdout.toString('latin1').replace(HEADER, '');
  // Only these exact messages count as no crontab: whatever counts as empty will be overwritten.
  if (/no crontab for|can't open .*no such file/i.test(result.stderr)) return '';
  throw failure('crontab', args, result);
}

async function writeCrontab(run: RunProgram, user: readonly string[], crontab: string): Promise<void> {
  if (crontab === '') await expectSuccess(run, 'crontab', [...user, '-r']);
  else await expectSuccess(run, 'crontab', [...user, '-'], Buffer.from(crontab, 'latin1'));
}

function encode(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function decode(text: string): string {
  return Buffer.from(text, 'latin1').toString();
}
