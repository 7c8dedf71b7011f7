import type { EventKind } from '../../notify/notify-options.js';
import type { StoreAddress } from '../../stores/store-option.js';
import type { Proof } from '../proof/proof.js';
import type { OutputOptions } from './output-options.js';

/** The options of `livinglock run`; durations in milliseconds. */
export interface RunSettings {
  readonly proof: Proof;
  readonly staleTimeout: number;
  /** Whether the stale timeout that was given cannot detect a command that hangs, and the user did not say that this is intended. */
  readonly isStallUnseen: boolean;
  readonly heartbeatInterval: number;
  readonly onStall: 'end' | 'warn';
  readonly killAfter: number;
  readonly timeout: number;
  readonly wait: number;
  readonly killStalled: boolean;
  readonly force: boolean;
  readonly conflictExitCode: number;
  readonly quiet: boolean;
  readonly ignoreHangup: boolean;
  readonly holdAtLeast: number;
  readonly owner: string | undefined;
  readonly sticky: boolean;
  /** Shown instead of the command line. */
  readonly label: string | undefined;
  /** A line for a shell, instead of a command. */
  readonly line: string | undefined;
  readonly store: StoreAddress | undefined;
  /** Whether the run is recorded in the history. `default`: if the lock has a name, and is in a file. */
  readonly history: 'on' | 'off' | 'default';
  readonly output: OutputOptions;
  /** How often to run the command again. */
  readonly retry: number;
  readonly retryDelay: number;
  /** The longest pause before acquiring. */
  readonly jitter: number;
  /** A line for the shell that is told about the run, and for which events. */
  readonly notify: string | undefined;
  readonly notifyOn: readonly EventKind[];
  /** What Healthchecks calls the ping URL of a check. A secret. */
  readonly ping: URL | undefined;
}
