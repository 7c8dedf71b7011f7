import type { Duration } from '../core/options.js';
import { duration, methods, refuseUnknown, show } from '../core/validate.js';

/** How a file system is to be verified. */
export interface VerifyOptions {
  /**
   * How many processes contend for a lock at a time; at least 2.
   *
   * Default: `4`.
   */
  readonly processes?: number | undefined;
  /**
   * For how long they contend. The calls that are tried one by one before take less than a second more.
   *
   * Default: `'3s'`.
   */
  readonly duration?: Duration | undefined;
  /** Stops it: all processes are ended, and `verifyFileSystem` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options that have been checked: all there, in milliseconds. */
export interface VerifySettings {
  readonly processes: number;
  readonly duration: number;
  readonly signal: AbortSignal | undefined;
}

const OPTION_NAMES: readonly (keyof VerifyOptions)[] = ['processes', 'duration', 'signal'];

/** Checks options and fills in the defaults. Throws a `TypeError` or `RangeError` that names the option and the value. */
export function readVerifyOptions(options: VerifyOptions): VerifySettings {
  refuseUnknown(options, OPTION_NAMES);
  return {
    processes: readProcesses(options.processes ?? 4),
    duration: readDuration(options.duration ?? '3s'),
    signal: methods('signal', options.signal, ['addEventListener', 'throwIfAborted']),
  };
}

function readProcesses(value: unknown): number {
  if (typeof value !== 'number') {
    throw new TypeError(`The option \`processes\` must be a number, but is ${show(value)}.`);
  }
  if (Number.isInteger(value) && value >= 2) return value;
  throw new RangeError(`The option \`processes\` must be a whole number from 2 on, but is ${show(value)}.`);
}

function readDuration(value: unknown): number {
  const milliseconds = duration('duration', value);
  if (milliseconds > 0 && Number.isFinite(milliseconds)) return milliseconds;
  throw new RangeError(`The option \`duration\` must be more than 0 and finite, but is ${show(value)}.`);
}
