import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockLost, type Lock, systemClock } from '../../index.js';
import type { Locks } from '../stores/locks.js';

/** How long, and how often, to try a database that is away, in milliseconds. */
const TIMEOUT = 30_000;
const PAUSE = 1000;

/**
 * Releases the lock. Waits for a database that is being restarted: otherwise the runs on other servers would have to wait for the
 * stale timeout.
 */
export async function releasePatiently(lock: Lock | null, { address }: Locks): Promise<void> {
  const giveUpAt = systemClock.monotonic() + (address === '' ? 0 : TIMEOUT);
  for (;;) {
    try {
      return await lock?.release();
    } catch (error) {
      if (error instanceof ErrLockLost || systemClock.monotonic() >= giveUpAt) throw error;
    }
    await sleep(PAUSE);
  }
}
