import type { ProcessIdentity } from './process-identity.js';
import type { ProcessTable } from './process-table.js';

/** Whether a process or a group that this process itself has identified still runs. It is of this machine, also where nothing else proves that. */
export function isStillRunning(identity: ProcessIdentity, processes: ProcessTable): boolean {
  const isThere = processes.identify(identity.pid, identity.group) !== null;
  return isThere && processes.liveness(identity) !== 'dead';
}
