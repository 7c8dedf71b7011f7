import type { Death } from './actors.js';
import { isPosix } from './machine.js';
import type { Report } from './programs/protocol.js';

// The answers of an actor, in one word each.

export type Outcome =
  /** The command succeeded: the lock is held, has been beaten, or is released. */
  | 'done'
  /** `ErrLockBusy` */
  | 'busy'
  /** `ErrLockLost` */
  | 'lost'
  /** `ErrLockStore` with the code `EBUSY`: someone took too long to change the lock. */
  | 'occupied'
  | 'killed';

/** Classifies an answer. Throws for one that no caller of this package may ever get. */
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
