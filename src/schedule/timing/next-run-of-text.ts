import { parseSeconds, type Timing } from '../scheduled-job.js';
import { timesOf } from './calendar.js';
import { InvalidTiming } from './invalid-timing.js';
import { nextRun } from './next-run.js';
import { parseAt } from './parse-at.js';

/** The next time for a text of `describeTiming`; `null` for an interval that is not a calendar time, and for any other text. */
export function nextOfDescribed(description: string, now: Date): Date | null {
  const [, kind, text = ''] = /^(every|at) (.+)$/.exec(description) ?? [];
  try {
    const times = timesOf(kind === 'every' ? everyOf(text) : parseAt(text));
    return times === null ? null : nextRun(times, now);
  } catch (error) {
    // Someone changed it by hand.
    if (error instanceof InvalidTiming) return null;
    throw error;
  }
}

function everyOf(text: string): Timing {
  return { kind: 'every', seconds: parseSeconds(text) };
}
