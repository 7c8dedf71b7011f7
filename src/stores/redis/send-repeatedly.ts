import type { Clock } from '../../system/clock.js';
import { inTime, NoAnswer, type Over } from '../shared/time-limit.js';
import { isNotReady, isPassing, storeError } from './driver-error.js';

/** The pause before something is sent again doubles from the first of these to the second, in milliseconds. */
const FIRST_DELAY = 10;
const LONGEST_DELAY = 200;

/** Handles a server that does not answer, or says to try again. */
export class Timeout {
  readonly #limit: number;
  readonly #clock: Clock;

  /** @param limit How long an operation may take, in milliseconds. */
  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /**
   * Sends something, repeatedly if necessary, until it is answered or the time is over. Throws an `ErrLockStore` that says what was
   * attempted.
   */
  async run<T>(lock: string, attempted: string, send: () => Promise<T>): Promise<T> {
    // How the last attempt failed; `null` if it has not been answered.
    let failure: unknown = null;
    const attempt = async () => {
      failure = null;
      try {
        return await send();
      } catch (error) {
        failure = error;
        throw error;
      }
    };
    try {
      return await inTime(this.#limit, this.#clock, (over) => this.#untilItPasses(attempt, over));
    } catch (error) {
      throw storeError(lock, attempted, error instanceof NoAnswer && isNotReady(failure) ? failure : error);
    }
  }

  async #untilItPasses<T>(send: () => Promise<T>, over: Over): Promise<T> {
    for (let delay = FIRST_DELAY; ; delay = Math.min(2 * delay, LONGEST_DELAY)) {
      try {
        return await send();
      } catch (error) {
        if (over.isOver || !isPassing(error)) throw error;
        await this.#clock.sleep(delay, { signal: over.signal });
      }
    }
  }
}
