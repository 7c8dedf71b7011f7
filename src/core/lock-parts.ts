import type { ProcessTable } from '../system/processes/process-table.js';
import type { Monitored } from './lease-monitor.js';
import type { LockRecord } from './record.js';

/** What a `Lock` is made of. */
export interface LockParts extends Monitored {
  readonly processes: ProcessTable;
  readonly record: LockRecord;
  /** When the claim was about to be sent, on the monotonic clock. */
  readonly claimedAt: number;
  readonly heartbeatMinimalInterval: number;
  readonly holdAtLeast: number;
}
