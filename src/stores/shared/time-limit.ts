import { formatDuration } from '../../core/describe-holder.js';
import { longDuration } from '../../core/options/validate.js';
import { type Clock, startTimer } from '../../system/clock.js';

/** In milliseconds: longer than a failover to another server usually takes, and short enough for a job that somebody waits for. */
const DEFAULT_TIMEOUT = 30_000;

/** Reads the option `commandTimeout`, in milliseconds. Throws a `TypeError` or `RangeError` for anything that is not a duration. */
export function readCommandTimeout(value: unknown = DEFAULT_TIMEOUT): number {
  const limit = longDuration('commandTimeout', value);
  if (limit === 0) throw new RangeError('The option `commandTimeout` must be more than 0.');
  return limit;
}

/** Thrown if an answer did not come in time. */
export class NoAnswer extends Error {
  readonly code = 'ETIMEDOUT';

  constructor(limit: number) {
    super(`no answer within ${formatDuration(limit)}`);
  }
}

/**
 * The time is counted in this many parts, one after the other. While a process computes without a break, is stopped, or its machine is
 * suspended, at most one part passes: answers that arrived meanwhile are then still read before the time is over.
 */
const PARTS = 10;

/** Whether the time is over. A signal is made only for those who ask for it: to make one for each operation would cost more than the timer. */
export class Over {
  #reason: NoAnswer | null = null;
  #controller: AbortController | null = null;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== null) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  throwIfOver(): void {
    if (this.#reason !== null) throw this.#reason;
  }

  end(reason: NoAnswer): void {
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/**
 * Returns what the function returns, if that comes within the limit in milliseconds; otherwise throws a {@link NoAnswer}. The function is told
 * when nobody waits for it any more. With `Infinity` there is no limit.
 */
export async function inTime<T>(limit: number, clock: Clock, act: (over: Over) => Promise<T>): Promise<T> {
  const over = new Over();
  if (limit === Number.POSITIVE_INFINITY) return act(over);
  let stop = () => {};
  const timeIsUp = new Promise<never>((_, reject) => {
    const begin = (part: number) => {
      stop = startTimer(clock, limit / PARTS, () => {
        if (part < PARTS) return begin(part + 1);
        const reason = new NoAnswer(limit);
        over.end(reason);
        reject(reason);
      });
    };
    begin(1);
  });
  try {
    return await Promise.race([act(over), timeIsUp]);
  } finally {
    stop();
  }
}
