import type { Clock } from '../../system/clock.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import type { Predecessor } from '../acquire/predecessor.js';
import type { LockRecord } from '../record/record.js';
import type { Store } from '../store.js';

/** What a `Lock` is made of. */
export interface LockParts {
  readonly name: string;
  readonly token: string;
  readonly record: LockRecord;
  readonly predecessor: Predecessor | null;
  /** When the call of `acquire` began, on the monotonic clock. */
  readonly calledAt: number;
  /** When the claim was about to be sent, on the monotonic clock. */
  readonly claimedAt: number;
  readonly store: Store;
  readonly clock: Clock;
  readonly processes: ProcessTable;
  readonly heartbeatMinimalInterval: number;
  readonly staleTimeout: number;
  readonly holdAtLeast: number;
}
