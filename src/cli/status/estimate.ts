import { timeHeld } from '../jobs/job-figures.js';
import { formatAge, formatTook } from '../terminal/age.js';
import { formatTime } from '../terminal/local-time.js';
import type { LockStatus } from './lock-status.js';

/** Progress that was made in less time, in milliseconds, says little about the rest. */
const LEAST_TIME = 10_000;

type Estimated = Pick<
  LockStatus,
  'state' | 'acquiredAt' | 'heartbeatAt' | 'heartbeatAgeMs' | 'progress' | 'usualDurationMs'
>;

/**
 * When the run at work is likely to end, in words: by its progress at the last heartbeat, or else by how long its runs usually take. `null` if neither
 * tells, or if the progress says that it should have ended by now, or that it ends beyond all dates.
 */
export function estimateOf(lock: Estimated, now = Date.now()): string | null {
  const { state, acquiredAt, heartbeatAt, heartbeatAgeMs, usualDurationMs } = lock;
  const elapsed = timeHeld(acquiredAt, heartbeatAt, heartbeatAgeMs);
  if (state !== 'live' || elapsed === null) return null;
  const byProgress = totalByProgress(lock, elapsed - (heartbeatAgeMs ?? 0));
  const total = byProgress ?? usualDurationMs;
  if (total === null) return null;
  const left = total - elapsed;
  const end = new Date(now + left);
  if (Number.isNaN(end.getTime())) return null;
  if (left > 0) return `about ${formatAge(left)} left, until ${formatTime(end)}`;
  return byProgress === null ? `${formatTook(-left)} longer than usual` : null;
}

/** Milliseconds from the start to the end, if the rest takes as long as what was done in this time. */
function totalByProgress({ progress }: Estimated, time: number): number | null {
  const ratio = progress?.ratio ?? null;
  return ratio === null || ratio <= 0 || time < LEAST_TIME ? null : time / ratio;
}
