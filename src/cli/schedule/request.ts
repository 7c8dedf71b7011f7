import type { Timing } from '../../schedule/timing/timing.js';
import type { Where } from './schedulers.js';

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
