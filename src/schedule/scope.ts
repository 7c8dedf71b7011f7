import type { RunProgram } from './run-program.js';
import { refused } from './schedule-error.js';
import type { SchedulerName } from './scheduled-job.js';

/** For whom a job is scheduled. */
export interface Scope {
  /** Whether systemd units belong to the system rather than to the user. */
  readonly isSystem: boolean;
  /** The user who runs the job; `null` for the one who schedules it. */
  readonly userName: string | null;
}

/** What was asked for, as the scheduler can do it. Throws if it cannot. */
export function scopeOf(request: Scope & { readonly scheduler: SchedulerName }, uid: number): Scope {
  const { isSystem, userName, scheduler } = request;
  if (isSystem && scheduler !== 'systemd') {
    const hint = scheduler === 'cron' ? ' For the crontab of another user, use --user-name as root.' : '';
    throw refused(`--system applies to systemd units, not to ${scheduler}.${hint}`);
  }
  const scope = { isSystem: scheduler === 'systemd' && (isSystem || uid === 0), userName };
  if (userName === null) return scope;
  if (scheduler === 'launchd' || scheduler === 'task-scheduler') {
    throw refused(
      `--user-name is for cron and for systemd system units, not for ${scheduler}. Run livinglock schedule as ${userName} instead.`,
    );
  }
  if (scheduler === 'systemd' && !scope.isSystem) {
    throw refused('--user-name is only for system units: user units always run as their user. Add --system.');
  }
  return scope;
}

/** Refuses what only root can change, and says what the user can do instead. */
export function expectRights({ isSystem, userName }: Scope, uid: number): void {
  if (uid === 0) return;
  if (isSystem) {
    throw refused(
      'Only root can change system units. Run this with sudo, or leave out --system for user units.',
    );
  }
  if (userName !== null) {
    throw refused(
      `Only root can see and change the crontab of ${userName}. Run this with sudo, or leave out --user-name for your own crontab.`,
    );
  }
}

/** Whether the user database, or a directory service, knows the user. */
export async function isKnown(userName: string, run: RunProgram): Promise<boolean> {
  const { status } = await run('id', ['-u', userName]);
  return status === 0;
}
