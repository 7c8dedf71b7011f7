import type { Death } from './actors.js';
import { isPosix } from './machine.js';
import type { Report } from './programs/protocol.js';

// What an actor can answer, in one word each.

export type Outcome =
  /** What was asked for is done: the lock is held, has been beaten, or is released. */
  | 'done'
  /** `ErrLockBusy` */
  | 'busy'
  /** `ErrLockLost` */
  | 'lost'
  /** `ErrLockStore` with the code `EBUSY`: somebody has been in the middle of a change for too long. */
  | 'occupied'
  | 'killed';

/** What an answer comes to; one that no caller of this package may ever get is an error. */
export function outcomeOf(answer: Report | Death): Outcome {
  switch (answer.outcome) {
    case 'done':
      return 'done';
    case 'refused':
      if (answer.name === 'ErrLockBusy' && answer.code === 'ERR_LOCK_BUSY') return 'busy';
      if (answer.name === 'ErrLockLost' && answer.code === 'ERR_LOCK_LOST') return 'lost';
      if (answer.name === 'ErrLockStore' && answer.code === 'EBUSY') return 'occupied';
      break;
    case 'died':
      // Windows has no signals: there a process that is killed only ends with 1.
      if (answer.signal === 'SIGKILL' || (!isPosix && answer.code === 1)) return 'killed';
      break;
    case 'ready':
      break;
  }
  throw new Error(`Not to be expected: ${JSON.stringify(answer)}`);
}
