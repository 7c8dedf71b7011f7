import type { LockHistory, PastRun } from '../../history/index.js';
import type { Inspection, LockRecord } from '../../index.js';
import type { JobStatus } from './read-jobs.js';

// Numbers that say how a job is.

/** Milliseconds since the last success. */
export interface Age {
  readonly milliseconds: number;
  /** Otherwise there was no success since then. Whether there was one before is not known. */
  readonly isKnown: boolean;
}

/** `null` if nothing has run. */
export function ageOfSuccess(history: LockHistory, lock: Inspection | null, now: Date): Age | null {
  const success = lastSuccess(history);
  const time = success?.endedAt ?? history.runs[0]?.startedAt ?? lock?.holder?.acquiredAt ?? null;
  return time && { milliseconds: since(time, now), isKnown: success !== undefined };
}

export function lastSuccess({ runs }: LockHistory): PastRun | undefined {
  return runs.findLast(({ outcome }) => outcome === 'succeeded');
}

/** The last run that is over. One that is at work may have failed attempts in the history, after which it goes on (`--retry`). */
export function lastRun({ lock, history }: Pick<JobStatus, 'lock' | 'history'>): PastRun | undefined {
  const current = holderAtWork(lock)?.token;
  return history?.runs.findLast(({ id }) => id === null || id !== current);
}

/** How long, in milliseconds, the run has been at work that holds the lock. `null` if none does, or if it does not say. */
export function runtimeOf(lock: Inspection): number | null {
  const holder = holderAtWork(lock);
  return holder && timeHeld(holder.acquiredAt, holder.timestamp, lock.heartbeatAge);
}

/**
 * How long, in milliseconds, a lock has been held. By the clock that wrote the times: the one of this machine may be wrong.
 *
 * @param heartbeatAge Milliseconds.
 */
export function timeHeld(
  acquiredAt: Date | null,
  heartbeatAt: Date | null,
  heartbeatAge: number | null,
): number | null {
  if (acquiredAt === null || heartbeatAt === null || heartbeatAge === null) return null;
  return since(acquiredAt, heartbeatAt) + heartbeatAge;
}

/** The holder, if it is live or stalled. */
export function holderAtWork(lock: Inspection | null): LockRecord | null {
  return lock?.state === 'live' || lock?.state === 'stalled' ? lock.holder : null;
}

/** The clock may have been set back. */
function since(time: Date, now: Date): number {
  return Math.max(0, now.getTime() - time.getTime());
}
