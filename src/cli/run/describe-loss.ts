import { ErrLockLost } from '../../index.js';
import { holderLine } from '../terminal/holder-line.js';

/** For the person who started the run: what the loss means, and who holds the lock now. */
export function describeLoss(name: string, loss: unknown): string {
  if (loss instanceof ErrLockLost && !loss.isCertain) return loss.message;
  const successor = loss instanceof ErrLockLost ? loss.successor : null;
  const how =
    successor === null
      ? 'somebody broke it or overwrote it, or another run took it over and has ended since'
      : `it is now held by ${holderLine(successor, Date.now() - successor.timestamp.getTime())}. That run took it over, or got it after somebody had broken or overwritten it`;
  return `${name} was lost: ${how}. This run is no longer exclusive.`;
}
