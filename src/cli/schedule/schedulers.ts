import type { SchedulerName } from '../../schedule/job.js';

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
