import type { Options, Values } from '../../grammar/option.js';
import { checked, matching, parseCount, parseSize } from '../../grammar/parse-value.js';

const KEPT_LOGS = 20;
const LOG_SIZE = 10 * 1024 * 1024;
/** In less, what is cut out would not be worth the line that says so. */
export const SMALLEST_LOG = 64 * 1024;

/** What becomes of the command's output. */
export const OUTPUT_OPTIONS = {
  log: {
    flags: '--log[=path]',
    description:
      'keep the output of each run in a file of its own, which `livinglock logs` shows: beside the history, or in the folder PATH; ' +
      'if PATH is not a folder and does not end with a slash, append to this file',
    parse: matching(/./s, 'Name a folder, or leave out the equals sign.'),
    conflicts: ['noLog'],
  },
  noLog: {
    flags: '--no-log',
    description: 'do not keep the output, even if `livinglock schedule` would',
    conflicts: ['keepLogs', 'logSize'],
  },
  keepLogs: {
    flags: '--keep-logs <number>',
    description: 'the number of runs whose output is kept; implies --log (default: 20)',
    parse: parseCount,
  },
  logSize: {
    flags: '--log-size <size>',
    description:
      'the most output to keep of one run; of longer output, the middle is left out; implies --log (default: 10M)',
    parse: checked(parseSize, (size) => size >= SMALLEST_LOG, 'It must be at least 64K.'),
  },
  output: {
    flags: '--output <when>',
    description: 'when to pass the output on; on-failure: all of it at the end, if the run has failed',
    choices: ['always', 'on-failure', 'never'],
    default: { value: 'always' },
  },
} as const satisfies Options;

/** Where and how much output is kept. */
export interface LogOptions {
  /** A folder, or a file to append to; `null` for the folder beside the history. */
  readonly path: string | null;
  /** Of how many runs. */
  readonly keep: number;
  /** Bytes of one run. */
  readonly size: number;
}

/** What becomes of the command's output. */
export interface OutputOptions {
  readonly passOn: 'always' | 'on-failure' | 'never';
  /** `null` to keep none. */
  readonly log: LogOptions | null;
  /** How many bytes to hold back until it is known whether the run fails, if that is chosen. */
  readonly mostHeld?: number | undefined;
}

/** Fills in defaults. */
export function completeOutputOptions({
  log,
  keepLogs,
  logSize,
  output,
}: Values<typeof OUTPUT_OPTIONS>): OutputOptions {
  if (log === false && keepLogs === undefined && logSize === undefined) return { passOn: output, log: null };
  const path = typeof log === 'boolean' ? null : log;
  const kept = { path, keep: keepLogs ?? KEPT_LOGS, size: logSize ?? LOG_SIZE };
  return { passOn: output, log: kept, mostHeld: logSize };
}
