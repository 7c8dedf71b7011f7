import type { SchedulerName } from '../../schedule/scheduled-job.js';
import type { Timing } from '../../schedule/timing/timing.js';

/** The options of `livinglock schedule`. */
export interface Request {
  readonly name: string;
  readonly timing: Timing | null;
  readonly scheduler: SchedulerName | null;
  readonly directory: string;
  readonly isSystem: boolean;
  readonly userName: string | null;
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
