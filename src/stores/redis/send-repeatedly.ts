import type { Clock } from '../../system/clock.js';
import { inTime, NoAnswer, type Over } from '../shared/time-limit.js';
import { isNotReady, isPassing, storeError } from './driver-error.js';

/** The pause before something is sent again doubles from the first of these to the second, in milliseconds. */
const FIRST_DELAY = 10;
const LONGEST_DELAY = 200;

/**
 * Sends something, repeatedly if necessary, until it is answered or the time is over. Throws an `ErrLockStore` that says what was
 * attempted.
 */
export type SendRepeatedly = <T>(lock: string, attempted: string, send: () => Promise<T>) => Promise<T>;

/**
 * @param limit How long an operation may take, in milliseconds.
 * @param inCluster Whether the client is one for a cluster.
 */
export function repeaterFor(limit: number, clock: Clock, inCluster: boolean): SendRepeatedly {
  return async (lock, attempted, send) => {
    // How the last attempt failed; `null` if it has not been answered.
    let failure: unknown = null;
    const untilItPasses = async (over: Over) => {
      for (let delay = FIRST_DELAY; ; delay = Math.min(2 * delay, LONGEST_DELAY)) {
        failure = null;
        try {
          return await send();
        } catch (error) {
          failure = error;
          over.throwIfOver();
          if (!isPassing(error, inCluster)) throw error;
          await clock.sleep(delay, { signal: over.signal });
        }
      }
    };
    try {
      return await inTime(limit, clock, untilItPasses);
    } catch (error) {
      const isRefused = error instanceof NoAnswer && isNotReady(failure, inCluster);
      throw storeError(lock, attempted, isRefused ? failure : error, inCluster);
    }
  };
}
