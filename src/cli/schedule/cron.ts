import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { nearestIntervals, timesOf } from './calendar.js';
import { formatCronExpression } from './cron-expression.js';
import { blockOf, withBlock } from './crontab.js';
import type { Configuration, Installer, Step } from './installer.js';
import { describeSeconds, describeTiming, type Job, type Timing } from './job.js';
import { expectSuccess, failure, type RunProgram } from './programs.js';
import { quoteForCron } from './quote.js';
import { difference } from './steps.js';

/** The longest command that the cron of Debian, and those it comes from, take (`MAX_COMMAND`). */
const LONGEST_COMMAND = 998;

/** By the user's crontab; see crontab(1) and crontab(5). */
export function cron(run: RunProgram): Installer {
  async function change(name: string, block: string | null): Promise<Step[]> {
    const before = await readCrontab(run);
    const after = withBlock(before, name, block);
    if (before === after) return [];
    return [
      {
        lines: ['the crontab of this user', ...difference(before, after).map(decode)],
        async apply() {
          if ((await readCrontab(run)) !== before) {
            throw new CliError(
              ExitCode.busy,
              'The crontab has just been changed by someone else, so it was left alone. Try again.',
            );
          }
          await writeCrontab(run, after);
        },
      },
    ];
  }
  return {
    configure,
    install: (job) => change(job.name, encode(configure(job).text)),
    uninstall: (name) => change(name, null),
  };
}

function configure({ name, timing, command, directory }: Job): Configuration {
  if ([directory, ...command].some((word) => word.includes('\n'))) {
    throw new CliError(
      ExitCode.usage,
      'A line of a crontab cannot contain a line break. Put the command into a script, or let systemd run it (--for systemd).',
    );
  }
  const line = `cd ${quoteForCron(directory)} && ${command.map(quoteForCron).join(' ')}`;
  return {
    text: blockOf(name, `${fieldsOf(timing)} ${line}`),
    notes:
      Buffer.byteLength(line) > LONGEST_COMMAND
        ? [
            `The line is longer than the ${LONGEST_COMMAND} bytes that some crons take. Put the command into a script.`,
          ]
        : [],
  };
}

/** The five fields before the command. */
function fieldsOf(timing: Timing): string {
  const times = timesOf(timing);
  if (times === null) throw new CliError(ExitCode.usage, refusal(timing));
  return formatCronExpression(times);
}

function refusal(timing: Timing): string {
  const nearest = timing.kind === 'every' ? nearestIntervals(timing.seconds).map(describeSeconds) : [];
  return (
    `cron cannot run a job ${describeTiming(timing)}: its intervals are minutes, and divide the hour or the day evenly. ` +
    `Nearest to it: ${nearest.join(', ')}. systemd can run it ${describeTiming(timing)} (--for systemd).`
  );
}

/** As latin1, see {@link withBlock}. */
async function readCrontab(run: RunProgram): Promise<string> {
  const result = await run('crontab', ['-l']);
  if (result.status === 0) return result.stdout.toString('latin1');
  // Only what says that there is none is taken for an empty one: an empty one would be written over.
  if (/no crontab for|can't open .*no such file/i.test(result.stderr)) return '';
  throw failure('crontab', ['-l'], result);
}

async function writeCrontab(run: RunProgram, crontab: string): Promise<void> {
  if (crontab === '') await expectSuccess(run, 'crontab', ['-r']);
  else await expectSuccess(run, 'crontab', ['-'], Buffer.from(crontab, 'latin1'));
}

function encode(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function decode(text: string): string {
  return Buffer.from(text, 'latin1').toString();
}
