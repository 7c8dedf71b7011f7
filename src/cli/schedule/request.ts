import type { SchedulerName, Timing } from '../../schedule/job.js';

/** What `livinglock schedule` was told. */
export interface Request {
  readonly name: string;
  readonly timing: Timing | null;
  readonly scheduler: SchedulerName | null;
  readonly directory: string;
  readonly isSystem: boolean;
  readonly userName: string | null;
  readonly isHardened: boolean;
  readonly action: 'print' | 'install' | 'uninstall';
  /** Whether all changes are agreed to beforehand. */
  readonly isAgreed: boolean;
  /** For `livinglock run`. */
  readonly runOptions: readonly string[];
  readonly conflictExitCode: number;
  /** What stands behind `--`; `null` where there is no `--`. */
  readonly command: readonly string[] | null;
  /** A line for a shell in place of it, which `runOptions` contain. */
  readonly line: string | undefined;
}
