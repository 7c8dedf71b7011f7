import { type Command, InvalidArgumentError, Option } from 'commander';
import { readOwner } from '../../options.js';
import { CliError } from '../cli-error.js';
import { parseDuration, parsePositiveDuration } from '../duration.js';
import { ExitCode } from '../exit-codes.js';
import { type StoreAddress, storeOption } from '../stores/store-option.js';
import type { RunOptions } from './options.js';
import { type Proof, parseProof } from './proof.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** What commander gives. */
export interface RunGiven {
  readonly heartbeat: Proof;
  readonly staleTimeout?: number;
  readonly heartbeatInterval?: number;
  readonly onStall: 'end' | 'warn';
  readonly killAfter: number;
  readonly timeout?: number;
  readonly wait: number;
  readonly killStalled?: true;
  readonly force?: true;
  readonly conflictExitCode: number;
  readonly quiet?: true;
  readonly holdAtLeast: number;
  readonly owner?: string;
  readonly store?: StoreAddress;
}

export function defineRun(program: Command, wrapped: readonly string[] | null): void {
  const command = program
    .command('run')
    .summary('run a command while holding a lock')
    .description(
      'Runs a command while holding a lock, and exits with its status. If someone else holds the lock, says who, and exits with 75.',
    )
    .usage('[options] LOCK -- COMMAND [ARG...]')
    .argument('<lock>', 'a path, or a name without a slash for a lock of this user on this machine')
    .allowExcessArguments();
  addRunOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  livinglock run backup -- pg_dump --file=backup.sql shop
  livinglock run --heartbeat output --stale-timeout 15m /run/lock/import.lock -- python manage.py update_user_data
  livinglock run --wait 30s --timeout 2h report -- Rscript report.R

A number without a unit is seconds. What each exit code means: livinglock help exit-codes.`,
    )
    .action(async (lock: string, given: RunGiven, { args }: Command) => {
      if (wrapped === null || args.length > 1) {
        throw new CliError(
          ExitCode.usage,
          'Put -- between the lock and the command: livinglock run LOCK -- COMMAND.',
        );
      }
      const { run } = await import('./run.js');
      process.exitCode = await run(lock, wrapped, completeRunOptions(given));
    });
}

/** The options of a run, for whatever else ends in one. */
export function addRunOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--heartbeat <proof>',
        'what proves that the command is at work: alive (that it exists), output (that it writes), ' +
          'manual (that it calls `livinglock beat`), file:PATH (that the file changes)',
      )
        .argParser(parseProof)
        .default({ by: 'alive' }, 'alive'),
    )
    .option(
      '--stale-timeout <time>',
      'without proof for so long, the command counts as stalled (default: 1h; with alive, in a file: infinity)',
      parseStaleTimeout,
    )
    .option(
      '--heartbeat-interval <time>',
      'write a heartbeat at most so often (default: 1m, or half of a shorter stale timeout)',
      parsePositiveDuration,
    )
    .addOption(
      new Option('--on-stall <what>', 'what to do with a command that has stalled')
        .choices(['end', 'warn'])
        .default('end'),
    )
    .option('--timeout <time>', 'end a command that takes longer altogether', parsePositiveDuration)
    .addOption(
      new Option('--kill-after <time>', 'the time from SIGTERM to SIGKILL')
        .argParser(parseDuration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('-w, --wait <time>', 'if the lock is held, wait for so long')
        .argParser(parseDuration)
        .default(0, 'do not wait'),
    )
    .addOption(
      new Option(
        '--hold-at-least <time>',
        'the lock counts as held for so long at the least, also if the command has ended before: one run an hour on five servers',
      )
        .argParser(parseFiniteDuration)
        .default(0, 'until the command has ended'),
    )
    .option(
      '--owner <name>',
      'a stable name for this machine or container, which gets its own lock back at once after a restart',
      parseOwner,
    )
    .addOption(storeOption())
    .option('--kill-stalled', 'end a holder that has stalled before taking over')
    .option('--force', 'if the lock is held, run all the same, without it')
    .option(
      '-E, --conflict-exit-code <number>',
      'the exit code if the lock is held',
      parseExitCode,
      ExitCode.busy,
    )
    .option('-q, --quiet', 'say nothing if the lock is held');
}

/** Fills in what was not given, and throws where it does not fit together. */
export function completeRunOptions({
  heartbeat: proof,
  staleTimeout,
  heartbeatInterval,
  ...rest
}: RunGiven): RunOptions {
  const isEndless = proof.by === 'alive' && isOfOneMachine(rest.store);
  const timeout = staleTimeout ?? (isEndless ? Number.POSITIVE_INFINITY : HOUR);
  const interval = heartbeatInterval ?? (timeout > MINUTE ? MINUTE : timeout / 2);
  if (interval >= timeout) {
    throw new CliError(
      ExitCode.usage,
      'The --heartbeat-interval must be shorter than the --stale-timeout, or every run would look stalled between two heartbeats.',
    );
  }
  return {
    ...rest,
    proof,
    staleTimeout: timeout,
    heartbeatInterval: interval,
    timeout: rest.timeout ?? Number.POSITIVE_INFINITY,
    killStalled: rest.killStalled ?? false,
    force: rest.force ?? false,
    quiet: rest.quiet ?? false,
    owner: rest.owner,
    store: rest.store,
  };
}

/** From elsewhere nobody can see whether a process lives, so its lock would be held for ever. */
function isOfOneMachine(store: StoreAddress | undefined): boolean {
  return store === undefined || store.kind === 'sqlite';
}

function parseOwner(text: string): string {
  try {
    readOwner(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function parseFiniteDuration(text: string): number {
  const duration = parseDuration(text);
  if (Number.isFinite(duration)) return duration;
  throw new InvalidArgumentError('It must end.');
}

function parseStaleTimeout(text: string): number {
  const timeout = parseDuration(text);
  if (timeout > 0) return timeout;
  throw new InvalidArgumentError('It must be more than 0.');
}

function parseExitCode(text: string): number {
  const code = Number(text);
  if (/^\d+$/.test(text) && code <= 255) return code;
  throw new InvalidArgumentError('An exit code is a number from 0 to 255.');
}
