import type { ErrLockBusy } from '../errors.js';
import { channels } from './channels.js';
import type { ContentionEvent } from './events.js';

// Publishes that a lock is busy.

/** @param wait The longest time to wait, in milliseconds. */
export function publishWaiting(error: ErrLockBusy, wait: number): void {
  if (channels.waiting.hasSubscribers) channels.waiting.publish({ ...contention(error), wait });
}

/** @param waited How long the call took, in milliseconds. */
export function publishBusy(error: ErrLockBusy, waited: number): void {
  if (channels.busy.hasSubscribers) channels.busy.publish({ ...contention(error), waited });
}

function contention(error: ErrLockBusy): ContentionEvent {
  const { lock, holder, heartbeatAge } = error;
  return { lock, holder, heartbeatAge, error };
}
