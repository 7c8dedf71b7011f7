import { parsePositiveDuration } from '../cli/duration.js';
import { InvalidArgument } from '../cli/invalid-argument.js';
import { timesOf } from './calendar.js';
import type { Timing } from './job.js';
import { nextRun } from './next-run.js';
import { parseAt } from './parse-at.js';

export function parseEvery(text: string): Timing {
  const seconds = parsePositiveDuration(text) / 1000;
  if (Number.isSafeInteger(seconds)) return { kind: 'every', seconds };
  throw new InvalidArgument('No scheduler counts in less than seconds.');
}

/** The next time of what `describeTiming` has described; `null` for an interval that the calendar does not give, and for other text. */
export function nextOfDescribed(description: string, now: Date): Date | null {
  const [, kind, text = ''] = /^(every|at) (.+)$/.exec(description) ?? [];
  return orNull(() => {
    const times = timesOf(kind === 'every' ? parseEvery(text) : parseAt(text));
    return times === null ? null : nextRun(times, now);
  });
}

function orNull<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    // Somebody has changed it by hand.
    if (error instanceof InvalidArgument) return null;
    throw error;
  }
}
