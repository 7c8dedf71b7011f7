import type { Stay } from './stays.js';

/** What was seen while several processes wanted one lock. */
export interface Evidence {
  readonly processes: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly stays: readonly Stay[];
  readonly turnedAway: number;
  readonly heartbeats: number;
  readonly postponed: number;
  readonly killed: number;
  /** What those were told who lost the lock although they were alive and heartbeating. */
  readonly losses: readonly string[];
  /** What else was reported that should not happen. */
  readonly failures: readonly string[];
  /** Why the lock could not be had when all contenders had gone; `null` where it could. */
  readonly stuck: string | null;
}
