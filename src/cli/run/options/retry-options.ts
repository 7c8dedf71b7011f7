import { CliError } from '../../errors/cli-error.js';
import { ExitCode } from '../../errors/exit-codes.js';
import type { Options } from '../../grammar/option.js';
import { parseCount } from '../../grammar/parse-count.js';
import { parseFiniteDuration } from '../../grammar/parse-duration.js';

/** Milliseconds between two attempts. */
const USUAL_DELAY = 10_000;

/** The options of a run that say when it starts, and starts again. */
export const RETRY_OPTIONS = {
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

/** How long to wait before a retry, if there is one. */
export function completeRetryDelay(retry: number, retryDelay: number | undefined): number {
  if (retry > 0 || retryDelay === undefined) return retryDelay ?? USUAL_DELAY;
  throw new CliError(ExitCode.usage, '--retry-delay needs --retry NUMBER: without it nothing is retried.');
}
