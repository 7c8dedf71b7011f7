import type { SchedulerName } from '../../schedule/scheduled-job.js';
import { expectRights, type Scope, scopeOf } from '../../schedule/scope.js';
import type { Timing } from '../../schedule/timing/timing.js';

/** Where to look for jobs. */
export interface Where extends Scope {
  /** `null` for all schedulers of this system. */
  readonly scheduler: SchedulerName | null;
}

/** The options of `livinglock schedule`. */
export interface Request extends Where {
  readonly name: string;
  readonly timing: Timing | null;
  readonly directory: string;
  readonly isHardened: boolean;
  readonly action: 'print' | 'install' | 'uninstall';
  /** Whether the user has agreed to all changes beforehand. */
  readonly isAgreed: boolean;
  /** For `livinglock run`. */
  readonly runOptions: readonly string[];
  readonly conflictExitCode: number;
  /** The words after `--`; `null` without `--`. */
  readonly command: readonly string[] | null;
  /** A line for a shell instead of the words, which is in `runOptions`. */
  readonly line: string | undefined;
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
  if (userName !== null) return schedulersHere().filter((each) => each === 'systemd' || each === 'cron');
  return schedulersHere();
}

/** All schedulers of this system. */
export function schedulersHere(): readonly SchedulerName[] {
  switch (process.platform) {
    case 'win32':
      return ['task-scheduler'];
    case 'darwin':
      return ['launchd', 'cron'];
    default:
      return ['systemd', 'cron'];
  }
}
