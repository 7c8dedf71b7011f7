import { type Command, InvalidArgumentError } from 'commander';
import type { Progress, Store } from '../index.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { withLocks } from './locks.js';
import { say } from './report.js';
import { parseStore } from './stores/store-option.js';

interface Given {
  readonly progress?: number;
  readonly note?: string;
}

export function defineBeat(program: Command): void {
  program
    .command('beat')
    .summary('give a heartbeat from inside of a command')
    .description(
      'Gives a heartbeat, from inside of a command that `livinglock run` has started. Exits with 76 if the lock was lost: the command must stop then.',
    )
    .option('--progress <ratio>', 'how much of the work is done, from 0 to 1', parseProgress)
    .option('--note <text>', 'where the work is, for those who look at the lock')
    .addHelpText(
      'after',
      `
Examples:
  for table in $tables; do
    dump "$table"
    livinglock beat --note "$table" || exit
  done

It can be called as often as you like: within the heartbeat interval it writes nothing.`,
    )
    .action(async (given: Given) => {
      process.exitCode = await beat(given);
    });
}

async function beat(given: Given): Promise<number> {
  const {
    LIVINGLOCK_PATH: path,
    LIVINGLOCK_TOKEN: token,
    LIVINGLOCK_HEARTBEAT_INTERVAL: interval,
    LIVINGLOCK_HELD_IN: address = '',
  } = process.env;
  if (path === undefined || token === undefined) {
    throw new CliError(
      ExitCode.usage,
      'There is no lock to beat for: LIVINGLOCK_PATH and LIVINGLOCK_TOKEN are not set. Start the command by `livinglock run`.',
    );
  }
  // Started by --force beside a holder: there is no lock, and nothing that could be lost.
  if (token === '') return ExitCode.ok;
  return withLocks(address === '' ? undefined : parseStore(address), ({ store }) =>
    beatIn(store, { path, token, interval: Number(interval ?? 0) }, given),
  );
}

interface Held {
  readonly path: string;
  readonly token: string;
  /** Milliseconds. */
  readonly interval: number;
}

async function beatIn(
  store: Store,
  { path, token, interval }: Held,
  { progress, note }: Given,
): Promise<number> {
  const stored = await store.read(path);
  if (stored?.record?.token !== token) return lost(path);
  const before = stored.record.progress;
  // The first that there is to see is shown at once.
  const isNews = before === null && (progress !== undefined || note !== undefined);
  if (stored.age < interval && !isNews) return ExitCode.ok;
  const after: Progress | undefined =
    progress === undefined && note === undefined
      ? undefined
      : { ratio: progress ?? before?.ratio ?? null, note: note ?? before?.note ?? null };
  const { done } = await store.beat(path, token, { progress: after });
  return done ? ExitCode.ok : lost(path);
}

function lost(path: string): number {
  say(`${path} was lost: another run may be at work. Stop now.`);
  return ExitCode.lost;
}

function parseProgress(text: string): number {
  const progress = Number(text);
  if (text.trim() !== '' && progress >= 0 && progress <= 1) return progress;
  throw new InvalidArgumentError('It must be from 0 to 1.');
}
