import { parseAt as readAt } from '../../schedule/timing/parse-timing.js';
import { InvalidTiming, type Timing } from '../../schedule/timing/timing.js';
import { InvalidArgument } from '../grammar/invalid-argument.js';
import { parsePositiveDuration } from '../grammar/parse-duration.js';

/** The value of `--every`. */
export function parseEvery(text: string): Timing {
  if (/^(?:\S+\s+){4}\S+$/.test(text.trim())) throw new InvalidArgument('For a cron expression, use --at.');
  const seconds = parsePositiveDuration(text) / 1000;
  if (Number.isSafeInteger(seconds)) return { kind: 'every', seconds };
  throw new InvalidArgument('No scheduler counts in units shorter than a second.');
}

/** The value of `--at`. */
export function parseAt(text: string): Timing {
  try {
    return readAt(text);
  } catch (error) {
    throw error instanceof InvalidTiming ? new InvalidArgument(error.message) : error;
  }
}
