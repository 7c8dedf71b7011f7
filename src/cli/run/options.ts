import type { StoreAddress } from '../stores/store-option.js';
import type { Proof } from './proof.js';

/** What `livinglock run` was told; durations in milliseconds. */
export interface RunOptions {
  readonly proof: Proof;
  readonly staleTimeout: number;
  /** Whether a stale timeout was given that cannot notice a command that hangs, and nobody said that this is meant. */
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
  /** Shown in place of the command line. */
  readonly label: string | undefined;
  /** A line for a shell, in place of a command. */
  readonly line: string | undefined;
  readonly store: StoreAddress | undefined;
}
