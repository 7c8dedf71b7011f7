import type { StoreAddress } from '../stores/store-option.js';
import type { Proof } from './proof.js';

/** What `livinglock run` was told; durations in milliseconds. */
export interface RunOptions {
  readonly proof: Proof;
  readonly staleTimeout: number;
  readonly heartbeatInterval: number;
  readonly onStall: 'end' | 'warn';
  readonly killAfter: number;
  readonly timeout: number;
  readonly wait: number;
  readonly killStalled: boolean;
  readonly force: boolean;
  readonly conflictExitCode: number;
  readonly quiet: boolean;
  readonly holdAtLeast: number;
  readonly owner: string | undefined;
  /** Shown in place of the command line. */
  readonly label: string | undefined;
  readonly store: StoreAddress | undefined;
}
