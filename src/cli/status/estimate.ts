import { formatAge, formatTook } from '../terminal/age.js';
import { formatTime } from '../terminal/local-time.js';
import type { LockStatus } from './lock-status.js';

/** Progress that was made in less time, in milliseconds, says little about the rest. */
const LEAST_TIME = 10_000;

type Estimated = Pick<LockStatus, 'state' | 'acquiredAt' | 'heartbeatAgeMs' | 'progress' | 'usualDurationMs'>;

/**
 * When the run at work is likely to end, in words: by its progress at the last heartbeat, or else by how long its runs usually take. `null` if neither
 * tells, or if the progress says that it should have ended by now, or that it ends beyond all dates.
 */
export function estimateOf(lock: Estimated, now = Date.now()): string | null {
  const { state, acquiredAt, usualDurationMs } = lock;
  if (state !== 'live' || acquiredAt === null) return null;
  const elapsed = now - acquiredAt.getTime();
  const byProgress = totalByProgress(lock, now);
  const total = byProgress ?? usualDurationMs;
  if (total === null) return null;
  const left = total - elapsed;
  const end = new Date(now + left);
  if (Number.isNaN(end.getTime())) return null;
  if (left > 0) return `about ${formatAge(left)} left, until ${formatTime(end)}`;
  return byProgress === null ? `${formatTook(-left)} longer than usual` : null;
}

/** Milliseconds from the start to the end, if the rest takes as long as what is done. */
function totalByProgress({ acquiredAt, heartbeatAgeMs, progress }: Estimated, now: number): number | null {
  const ratio = progress?.ratio ?? null;
  if (ratio === null || ratio <= 0 || acquiredAt === null || heartbeatAgeMs === null) return null;
  const time = now - heartbeatAgeMs - acquiredAt.getTime();
  return time < LEAST_TIME ? null : time / ratio;
}
