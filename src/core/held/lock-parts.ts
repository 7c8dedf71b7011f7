import type { ProcessTable } from '../../system/processes/process-table.js';
import type { HeldLock } from '../events/holder-events.js';
import type { Monitored } from './lease-monitor.js';

/** What a `Lock` is made of. */
export interface LockParts extends Monitored, HeldLock {
  readonly processes: ProcessTable;
  readonly heartbeatMinimalInterval: number;
  readonly holdAtLeast: number;
}
