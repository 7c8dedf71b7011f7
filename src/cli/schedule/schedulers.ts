import type { SchedulerName } from '../../schedule/scheduled-job.js';
import { expectRights, type Scope, scopeOf } from '../../schedule/scope.js';

/** Where to look for jobs. */
export interface Where extends Scope {
  /** `null` for all schedulers of this system. */
  readonly scheduler: SchedulerName | null;
}

/**
 * For whom this user schedules. Throws if the scheduler cannot do what is asked for.
 *
 * @param needsRights Whether to throw as well if only root can.
 */
export function scopeHere(scheduler: SchedulerName, requested: Scope, needsRights: boolean): Scope {
  const uid = process.geteuid?.() ?? 0;
  const scope = scopeOf({ ...requested, scheduler }, uid);
  if (needsRights) expectRights(scope, uid);
  return scope;
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
