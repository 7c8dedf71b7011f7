import type { SchedulerName } from '../../schedule/job.js';
import { ScheduleError } from '../../schedule/schedule-error.js';

/** Where to look for jobs. */
export interface Where {
  /** `null` for all schedulers of this system. */
  readonly scheduler: SchedulerName | null;
  readonly isSystem: boolean;
  readonly userName: string | null;
}

export function schedulersFor({ scheduler, isSystem, userName }: Where): readonly SchedulerName[] {
  if (scheduler !== null) return [scheduler];
  if (isSystem) return ['systemd'];
  if (userName !== null) return ['cron'];
  switch (process.platform) {
    case 'win32':
      return ['task-scheduler'];
    case 'darwin':
      return ['launchd', 'cron'];
    default:
      return ['systemd', 'cron'];
  }
}

/** What a scheduler says: nothing if it is not there, unless it was asked for by name. */
export async function unlessAbsent<T>(
  { scheduler }: Where,
  ask: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await ask();
  } catch (error) {
    // Without its program, or a home folder for its files, nothing can have been scheduled.
    const isAbsent =
      error instanceof ScheduleError && (error.reason === 'absent' || error.reason === 'refused');
    if (isAbsent && scheduler === null) return [];
    throw error;
  }
}
