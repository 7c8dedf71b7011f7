import { INITIAL_PID_NAMESPACE } from '../processes/linux.js';
import { isBare, type LockRecord, type ProcessIdentity } from '../record.js';
import type { Provenance } from './store.js';

/** By so many milliseconds two processes of one boot may at the very most disagree on its clock. */
const CLOCK_TOLERANCE = 1000;

/** What can be known of the place where a record was found. */
export interface Place {
  /** The process that has found it. */
  readonly self: ProcessIdentity;
  /** Now, on the monotonic clock of that process's boot, in milliseconds. */
  readonly monotonic: number;
  /** Whether only processes of this machine can have written there. Asked only where that matters. */
  readonly isLocal: () => boolean;
}

/** Which process can have written a record that was found in a file, or in a database that is one. */
export function provenanceOf(record: LockRecord, { self, monotonic, isLocal }: Place): Provenance {
  const { process: holder } = record;
  if (holder.bootId !== null && holder.bootId === self.bootId) return 'this-boot';
  if (!isLocal()) return 'unknown';
  if (isBare(holder)) return 'this-machine';
  if (holder.bootId === null || self.bootId === null) return 'unknown';
  // systemd-nspawn and LXC give each container a boot id of its own, so where containers are involved two boot ids
  // alone prove nothing. A time on the boot's clock that is still to come does: containers share that clock.
  const areTrue = isOutsideContainers(holder) && isOutsideContainers(self);
  const isYetToCome = record.monotonic !== null && record.monotonic > monotonic + CLOCK_TOLERANCE;
  return areTrue || isYetToCome ? 'earlier-boot' : 'unknown';
}

function isOutsideContainers({ pidNamespace }: ProcessIdentity): boolean {
  return pidNamespace === INITIAL_PID_NAMESPACE;
}
