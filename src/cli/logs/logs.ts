import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isatty } from 'node:tty';
import type { PastRun } from '../../history/index.js';
import type { JournalOwner } from '../../history/journal-line.js';
import { inspect, type LockRecord } from '../../index.js';
import { attempt } from '../../system/attempt.js';
import { messageOf } from '../../system/message-of.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import { openOwnHistory } from '../history/read-history.js';
import { holderAtWork } from '../jobs/job-figures.js';
import { unlessFailed } from '../jobs/read-jobs.js';
import { type Locks, withLocks } from '../stores/locks.js';
import type { StoreAddress } from '../stores/store-option.js';
import { describeRun } from '../terminal/describe-outcome.js';
import { otherHost } from '../terminal/holder-line.js';
import { formatTime } from '../terminal/local-time.js';
import { say, write } from '../terminal/messages.js';
import { findLogs, isOf, type KeptLog } from './find-logs.js';
import { GrowingLog, type Reader } from './growing-log.js';

/** Milliseconds between two looks at a log that is being written. */
const PERIOD = 200;

interface LogsOptions {
  /** 1 for the last run, 2 for the one before. */
  readonly run: number;
  readonly follow: boolean;
  readonly store: StoreAddress | undefined;
}

const LINE_BREAK = 0x0a;
let lastByte = LINE_BREAK;

const READER: Reader = {
  print(chunk) {
    lastByte = chunk.at(-1) ?? lastByte;
    return write(chunk);
  },
  tellMissing: (bytes) =>
    say(
      bytes === null
        ? 'The log was changed while it was being read. Some of the output may be missing here.'
        : `${bytes} bytes were left out of the log before they could be read.`,
    ),
};

/** Prints the output of a run. Returns the exit code. */
export function logs(called: string, options: LogsOptions): Promise<number> {
  return withLocks(options.store, async (locks) => {
    const lock = locks.nameOf(called);
    const owner = { lock, store: locks.database };
    const holder = await holderOf(lock, locks);
    const found = findLogs(owner, await runsOf(owner));
    const token = holder?.token ?? null;
    const log = withFirst(found, token)[options.run - 1];
    if (log === undefined) throw new CliError(ExitCode.noInput, complaint(found, called, options, holder));
    if (log.id === null) say(`${log.path} has the output of all runs that append to it.`);
    const isAtWork = async () => isOf(log, (await holderOf(lock, locks))?.token ?? null);
    const wasAtWork = isOf(log, token);
    if (holder !== null && !wasAtWork && options.run === 1) {
      const host = otherHost(holder);
      const where =
        host === null
          ? ', but its output is not kept, or is in another folder'
          : ` on ${host}. Its output is on that machine, if it is kept`;
      say(`${called} is at work${where}. This is an earlier run.`);
    }
    await printLog(log, options.follow, isAtWork);
    // What is said next would continue the last line.
    if (isatty(1) && lastByte !== LINE_BREAK) await write('\n');
    if (wasAtWork && !options.follow) say(`${called} is at work. To follow it, add -f.`);
    if (!wasAtWork || options.follow) sayHowItEnded(called, log, await runsOf(owner));
    return ExitCode.ok;
  });
}

/** The run at work is the last one, even if the clock was set back, or another one began beside it (`--force`). */
function withFirst(found: readonly KeptLog[], holder: string | null): readonly KeptLog[] {
  const log = found.find((each) => each.id !== null && isOf(each, holder));
  return log === undefined ? found : [log, ...found.filter((each) => each !== log)];
}

/** Why there is no such log. */
function complaint(
  found: readonly KeptLog[],
  called: string,
  { run, store }: LogsOptions,
  holder: LockRecord | null,
): string {
  // Only the history names such a file, and it has a run once that has ended.
  if (holder !== null && found.length === 0) {
    const host = otherHost(holder);
    return host === null
      ? `${called} is at work. If it has --log=FILE, its output is in that file, and is found here once the run has ended. Otherwise none is kept: livinglock run --log keeps it.`
      : `${called} is at work on ${host}. Its output is on that machine, if it is kept (livinglock run --log): ask livinglock logs there.`;
  }
  const here = store === undefined ? '' : ' on this machine';
  if (found.length > 0)
    return `Only the output of ${found.length === 1 ? 'one run' : `${found.length} runs`} of ${called} is kept${here}: there is no --run ${run}.`;
  const isElsewhere = store === undefined ? ' If the lock is in a database, give --store.' : '';
  return `No output of ${called} is kept${here}. livinglock run --log keeps it.${isElsewhere}${inJournal(called)}`;
}

/** systemd keeps the output of its units by itself, so `livinglock schedule` adds no `--log` to them. */
function inJournal(name: string): string {
  const unit = `livinglock-${name}.service`;
  const home = attempt(homedir, '');
  const ofUser = existsSync(join(home, '.config', 'systemd', 'user', unit)) ? '--user ' : null;
  const found = existsSync(join('/etc/systemd/system', unit)) ? '' : ofUser;
  return found === null ? '' : ` The output of its unit is in the journal: journalctl ${found}-u ${unit}`;
}

async function runsOf({ lock, store }: JournalOwner): Promise<readonly PastRun[]> {
  return (await openOwnHistory().read(lock, { store })).runs;
}

/** To its end, as it is now or once nobody is at work any more. */
async function printLog(log: KeptLog, isFollowed: boolean, isAtWork: () => Promise<boolean>): Promise<void> {
  const growing = open(log.path);
  try {
    if (!isFollowed) return await growing.readOn(READER, growing.size);
    for (;;) {
      // First: a run that has ended since then has written everything before.
      const isMoreComing = await isAtWork();
      await growing.readOn(READER);
      if (!isMoreComing) return;
      await sleep(PERIOD);
    }
  } finally {
    growing.close();
  }
}

function open(path: string): GrowingLog {
  try {
    return new GrowingLog(path);
  } catch (error) {
    throw new CliError(ExitCode.noInput, `Cannot read the log: ${messageOf(error)}.`);
  }
}

/** The run at work. A lock that cannot be read must not hide its logs. */
async function holderOf(lock: string, { store }: Locks): Promise<LockRecord | null> {
  return holderAtWork(await unlessFailed(inspect(lock, { store }), say));
}

/** What the output itself may not say. */
function sayHowItEnded(called: string, log: KeptLog, runs: readonly PastRun[]): void {
  const run = runs.findLast(({ id, output }) => output === log.path || (log.id !== null && isOf(log, id)));
  if (run === undefined || run.outcome === 'succeeded') return;
  say(`${called}, started ${formatTime(run.startedAt)}, ${describeRun(run)}.`);
}
