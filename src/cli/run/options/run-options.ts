import { readOwner, usualInterval } from '../../../core/options/options.js';
import { messageOf } from '../../../system/message-of.js';
import { UsageError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import type { Section } from '../../grammar/command-definition.js';
import type { Options, Values } from '../../grammar/option.js';
import {
  checked,
  InvalidArgument,
  matching,
  parseCount,
  parseDuration,
  parseFiniteDuration,
  parsePositiveDuration,
} from '../../grammar/parse-value.js';
import { completeKinds, NOTIFY_OPTIONS } from '../../notify/notify-options.js';
import { STORE_OPTION, type StoreAddress } from '../../stores/store-option.js';
import { type Proof, parseProof } from '../proof/proof.js';
import { completeOutputOptions, OUTPUT_OPTIONS } from './output-options.js';
import { parseLine } from './wrapped-command.js';

const HOUR = 3_600_000;
/** Milliseconds between two attempts. */
const USUAL_RETRY_DELAY = 10_000;

/** What runs, and where the lock is. */
export const GENERAL_OPTIONS = {
  command: {
    flags: '-c, --command <line>',
    description: 'run this line with the shell (/bin/sh -c; cmd.exe on Windows), instead of -- COMMAND',
    parse: parseLine,
  },
  label: {
    flags: '--label <text>',
    description:
      'show this instead of the command line, and keep the arguments out of the lock: they may contain a password',
    parse: matching(/\S/, 'A label must not be empty.'),
  },
  store: STORE_OPTION,
  ignoreHangup: {
    flags: '--ignore-hangup',
    description: 'ignore SIGHUP, and do not pass it on; nohup in front of `livinglock` does not work',
  },
} as const satisfies Options;

const WORK_OPTIONS = {
  heartbeat: {
    flags: '--heartbeat <proof>',
    description:
      'what proves that the command is working: alive (that it exists), output (that it writes), ' +
      'manual (that it calls `livinglock beat`), file:PATH (that the file changes) (default: alive)',
    parse: parseProof,
  },
  staleTimeout: {
    flags: '--stale-timeout <time>',
    description:
      'time without proof after which the command counts as stalled (default: 1h; for alive with a lock in a file or in SQLite: infinity)',
    parse: checked(parseDuration, (timeout) => timeout > 0, 'It must be more than 0.'),
  },
  heartbeatInterval: {
    flags: '--heartbeat-interval <time>',
    description:
      'minimum time between two heartbeats (default: 1m, or half the stale timeout if that is 1m or less)',
    parse: parsePositiveDuration,
  },
  onStall: {
    flags: '--on-stall <what>',
    description: 'what to do with a command that has stalled',
    choices: ['end', 'warn'],
    default: { value: 'end' },
  },
  timeout: {
    flags: '--timeout <time>',
    description: 'end a command that runs longer than this',
    parse: parsePositiveDuration,
  },
  killAfter: {
    flags: '--kill-after <time>',
    description: 'the time from SIGTERM to SIGKILL',
    parse: parseDuration,
    default: { value: 10_000, name: '10s' },
  },
} as const satisfies Options;

const BUSY_OPTIONS = {
  wait: {
    flags: '-w, --wait <time>',
    description: 'if the lock is held, wait up to this long',
    parse: parseDuration,
    default: { value: 0, name: 'do not wait' },
  },
  killStalled: { flags: '--kill-stalled', description: 'end a stalled holder before taking over' },
  force: { flags: '--force', description: 'run even if the lock is held, without the lock' },
  conflictExitCode: {
    flags: '-E, --conflict-exit-code <number>',
    description: 'the exit code if the lock is held',
    parse: parseExitCode,
    default: { value: ExitCode.busy },
  },
  quiet: { flags: '-q, --quiet', description: 'say nothing if the lock is held, and give no hints' },
} as const satisfies Options;

const TENURE_OPTIONS = {
  holdAtLeast: {
    flags: '--hold-at-least <time>',
    description:
      'minimum time the lock stays held, even if the command ends earlier, such as for one run an hour on five servers',
    parse: parseFiniteDuration,
    default: { value: 0, name: 'until the command has ended' },
  },
  owner: {
    flags: '--owner <name>',
    description:
      'a stable name for this machine or container, which gets its own lock back at once after a restart',
    parse: parseOwner,
  },
  sticky: {
    flags: '--sticky',
    description:
      'take back a lock that the same --owner released while --hold-at-least still keeps others out: one server stays in charge',
  },
} as const satisfies Options;

const RETRY_OPTIONS = {
  retry: {
    flags: '--retry <number>',
    description: 'if the command fails, run it again, up to this many times, under the same lock',
    parse: (text) => parseCount(text, 0),
    default: { value: 0, name: '0' },
  },
  retryDelay: {
    flags: '--retry-delay <time>',
    description: 'the pause before each retry, plus up to a quarter of it at random (default: 10s)',
    parse: parseFiniteDuration,
  },
  jitter: {
    flags: '--jitter <time>',
    description: 'before acquiring the lock, wait a random time, up to this long',
    parse: parseFiniteDuration,
    default: { value: 0, name: 'do not wait' },
  },
} as const satisfies Options;

const HISTORY_OPTIONS = {
  history: {
    flags: '--history',
    description:
      'record this run in the history, which `livinglock history` shows (default: only if the lock is a name)',
    conflicts: ['noHistory'],
  },
  noHistory: { flags: '--no-history', description: 'do not record this run in the history' },
  ...OUTPUT_OPTIONS,
} as const satisfies Options;

/** The options of a run. */
export const RUN_OPTIONS = {
  ...GENERAL_OPTIONS,
  ...WORK_OPTIONS,
  ...BUSY_OPTIONS,
  ...TENURE_OPTIONS,
  ...HISTORY_OPTIONS,
  ...RETRY_OPTIONS,
  ...NOTIFY_OPTIONS,
} as const satisfies Options;

/** How help groups them, after the general ones. */
export const RUN_SECTIONS: readonly Section[] = [
  { heading: 'Hangs and time limits:', options: WORK_OPTIONS },
  { heading: 'If the lock is held:', options: BUSY_OPTIONS },
  { heading: 'On several servers:', options: TENURE_OPTIONS },
  { heading: 'History and output:', options: HISTORY_OPTIONS },
  { heading: 'Retries and delays:', options: RETRY_OPTIONS },
  { heading: 'Notifications:', options: NOTIFY_OPTIONS },
];

/** The options of the command line; durations in milliseconds. */
export type RunValues = Values<typeof RUN_OPTIONS>;

/** The same, with defaults filled in. */
export type RunSettings = Readonly<ReturnType<typeof completeRunOptions>>;

/** The hint for `isStallUnseen`. */
export const STALL_UNSEEN =
  'With --stale-timeout alone a command that hangs is not noticed: as long as it exists, it counts as working. ' +
  'Add --heartbeat output, manual or file:PATH; or --heartbeat alive, if that is what you want.';

/** Fills in defaults, and throws if options do not fit together. */
export function completeRunOptions({
  heartbeat,
  staleTimeout: givenTimeout,
  heartbeatInterval: givenInterval,
  timeout = Number.POSITIVE_INFINITY,
  command: line,
  history: isInHistory,
  noHistory,
  log,
  noLog,
  keepLogs,
  logSize,
  output,
  notifyOn,
  retryDelay,
  ...rest
}: RunValues) {
  const proof: Proof = heartbeat ?? { by: 'alive' };
  const isEndless = proof.by === 'alive' && isOfOneMachine(rest.store);
  const staleTimeout = givenTimeout ?? (isEndless ? Number.POSITIVE_INFINITY : HOUR);
  const heartbeatInterval = givenInterval ?? usualInterval(staleTimeout);
  if (heartbeatInterval >= staleTimeout) {
    throw new UsageError(
      'The --heartbeat-interval must be shorter than the --stale-timeout, or every run would look stalled between two heartbeats.',
    );
  }
  if (rest.sticky && rest.owner === undefined) {
    throw new UsageError('--sticky needs --owner NAME: a run recognizes its own lock by that name.');
  }
  if (rest.retry === 0 && retryDelay !== undefined) {
    throw new UsageError('--retry-delay needs --retry NUMBER: without it nothing is retried.');
  }
  const history: 'on' | 'off' | 'default' = isInHistory ? 'on' : noHistory ? 'off' : 'default';
  return {
    ...rest,
    proof,
    staleTimeout,
    // A stale timeout was given that cannot detect a command that hangs. In a database it still has a meaning: when others may take over
    // from a machine that is gone.
    isStallUnseen: isEndless && heartbeat === undefined && givenTimeout !== undefined,
    heartbeatInterval,
    timeout,
    line,
    retryDelay: retryDelay ?? USUAL_RETRY_DELAY,
    notifyOn: completeKinds(rest.notify, notifyOn),
    history,
    output: completeOutputOptions({ log, noLog, keepLogs, logSize, output }),
  };
}

/** Whether a process lives cannot be seen from another machine, so its lock would be held forever. */
export function isOfOneMachine(store: StoreAddress | undefined): boolean {
  return store === undefined || store.kind === 'sqlite';
}

function parseOwner(text: string): string {
  try {
    readOwner(text);
    return text;
  } catch (error) {
    throw new InvalidArgument(messageOf(error));
  }
}

function parseExitCode(text: string): number {
  const code = Number(text);
  if (/^\d+$/.test(text) && code <= 255) return code;
  throw new InvalidArgument('An exit code is a number from 0 to 255.');
}
