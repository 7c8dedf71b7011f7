import { formatDuration } from '../../core/describe.js';
import type { Clock } from '../../system/clock.js';

/** Thrown if an answer did not come in time. */
export class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(limit: number) {
    super(`no answer within ${formatDuration(limit)}`);
  }
}

/** Created once, because an error for each answer would cost more than the timer. */
const ANSWERED = new Error('answered');

/**
 * The time is counted in this many parts, one after the other. While a process computes without a break, is stopped, or its machine is
 * suspended, at most one part passes: answers that arrived meanwhile are then still read before the time is over.
 */
const PARTS = 10;

/**
 * Returns what the function returns, if that comes within the limit in milliseconds; otherwise throws a {@link NoAnswer}. The signal
 * tells the function that nobody waits for it any more. With `Infinity` there is no limit.
 */
export async function inTime<T>(
  limit: number,
  clock: Clock,
  act: (over: AbortSignal) => Promise<T>,
): Promise<T> {
  const answered = new AbortController();
  const over = new AbortController();
  if (limit === Number.POSITIVE_INFINITY) return act(over.signal);
  try {
    return await Promise.race([act(over.signal), pass(limit, clock, answered.signal)]);
  } catch (error) {
    if (error instanceof NoAnswer) over.abort(error);
    throw error;
  } finally {
    answered.abort(ANSWERED);
  }
}

async function pass(limit: number, clock: Clock, signal: AbortSignal): Promise<never> {
  for (let part = 1; part <= PARTS; part++) await clock.sleep(limit / PARTS, { signal });
  throw new NoAnswer(limit);
}
