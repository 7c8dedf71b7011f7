import { MOST_LATE } from '../../core/acquire/acquire.js';
import { type Lock, systemClock, type Worker } from '../../index.js';

/**
 * Names these workers in the lock, which is a heartbeat, before the command starts. If that took longer than the stale timeout, the heartbeat may
 * have been stale as soon as it was written, and another run may have taken over. The next one finds out.
 */
export async function confirm(lock: Lock, workers: readonly Worker[], staleTimeout: number): Promise<void> {
  for (let late = 0; ; late++) {
    const begunAt = systemClock.monotonic();
    await lock.setWorkers(workers);
    if (systemClock.monotonic() - begunAt < staleTimeout || late === MOST_LATE) return;
  }
}
