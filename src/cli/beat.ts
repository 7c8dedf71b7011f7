import { LivingLockError } from '../core/errors.js';
import { fitProgress } from '../core/held/progress.js';
import type { Progress, Store } from '../index.js';
import { attempt } from '../system/attempt.js';
import { CliError, UsageError } from './errors/cli-error.js';
import { ExitCode } from './errors/exit-codes.js';
import { defineCommand } from './grammar/command-definition.js';
import type { Options, Values } from './grammar/option.js';
import { InvalidArgument } from './grammar/parse-value.js';
import { type Locks, withLocks } from './stores/locks.js';
import { parseStore } from './stores/store-option.js';
import { say } from './terminal/messages.js';

const OPTIONS = {
  progress: {
    flags: '--progress <ratio>',
    description: 'how much of the work is done, from 0 to 1',
    parse: parseProgress,
  },
  note: { flags: '--note <text>', description: 'what is being done now, for anyone who looks at the lock' },
} as const satisfies Options;

export const BEAT = defineCommand({
  name: 'beat',
  summary: 'send a heartbeat from inside a command',
  description:
    'Sends a heartbeat from inside a command that `livinglock run` has started. Exits with 76 if the lock was lost: then the command must stop.',
  options: OPTIONS,
  operands: {},
  notes: `Examples:
  for table in $tables; do
    dump "$table"
    "$LIVINGLOCK" beat --note "$table" || exit
  done

\`livinglock run\` sets LIVINGLOCK to a path by which the command can call livinglock,
even if PATH does not include it, as under cron.

Each call starts a program and writes a heartbeat. In a fast loop, call it about once a second.`,
  tooMany: () =>
    '`livinglock beat` takes no argument: it uses the lock of the `livinglock run` that it runs under.',
  run: beat,
});

type BeatOptions = Values<typeof OPTIONS>;

/** Sends a heartbeat for the run that started this process. Returns the exit code. */
async function beat(options: BeatOptions): Promise<number> {
  const { LIVINGLOCK_PATH: path, LIVINGLOCK_TOKEN: token, LIVINGLOCK_HELD_IN: address = '' } = process.env;
  if (path === undefined || token === undefined) {
    throw new UsageError(
      'There is no lock to send a heartbeat to: LIVINGLOCK_PATH and LIVINGLOCK_TOKEN are not set. Start the command with `livinglock run`.',
    );
  }
  // Started by --force beside a holder: there is no lock, so nothing can be lost.
  if (token === '') return ExitCode.ok;
  const send = ({ store }: Locks) => beatIn(store, path, token, options);
  if (address === '') return withLocks(undefined, send);
  try {
    return await withLocks(parseStore(address), send);
  } catch (error) {
    return goOnWithout(error);
  }
}

/**
 * The lock is still held while a database is away, mostly for a restart. The runner knows until when, and ends the command then.
 * A command without a runner must not rely on that.
 */
function goOnWithout(error: unknown): number {
  const isAway =
    error instanceof LivingLockError || (error instanceof CliError && error.exitCode === ExitCode.store);
  if (!isAway || !isThere(Number(process.env['LIVINGLOCK_RUNNER']))) throw error;
  say(`${error.message} The command can continue: its runner ends it in time if the lock is lost.`);
  return ExitCode.ok;
}

function isThere(pid: number): boolean {
  return Number.isSafeInteger(pid) && pid > 0 && attempt(() => process.kill(pid, 0), false);
}

async function beatIn(
  store: Store,
  path: string,
  token: string,
  { progress, note }: BeatOptions,
): Promise<number> {
  const stored = await store.read(path);
  if (stored?.record?.token !== token) return lost(path);
  const before = stored.record.progress;
  const after: Progress | undefined =
    progress === undefined && note === undefined
      ? undefined
      : { ratio: progress ?? before?.ratio ?? null, note: note ?? before?.note ?? null };
  const { done } = await store.beat(path, token, { progress: fitProgress(after) });
  return done ? ExitCode.ok : lost(path);
}

function lost(path: string): number {
  say(`${path} was lost: another run may be at work. Stop now.`);
  return ExitCode.lost;
}

function parseProgress(text: string): number {
  const progress = Number(text);
  if (text.trim() !== '' && progress >= 0 && progress <= 1) return progress;
  throw new InvalidArgument('It must be from 0 to 1.');
}
