import type { Secret } from './secrets/secret.js';
import type { Timing } from './timing/timing.js';

export const SCHEDULERS = ['cron', 'systemd', 'launchd', 'task-scheduler'] as const;
export type SchedulerName = (typeof SCHEDULERS)[number];

/** What every scheduler needs to know. */
export interface Job {
  readonly name: string;
  readonly timing: Timing;
  /** Program and arguments, beginning with Node's own path. */
  readonly command: readonly string[];
  /** The folder in which it runs. */
  readonly directory: string;
  /** The folder of its lock, which must be writable; `null` if the lock is in a database. */
  readonly lockFolder: string | null;
  /** Must not appear in a configuration. */
  readonly secrets: readonly Secret[];
  /** Whether systemd options restrict what the job can do. */
  readonly isHardened: boolean;
  /** Its exit code if the lock is held, which is not a failure. */
  readonly conflictExitCode: number;
}
