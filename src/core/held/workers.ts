import type { ProcessIdentity } from '../../system/processes/process-identity.js';
import type { ProcessTable } from '../../system/processes/process-table.js';
import { refuseUnknown, show } from '../options/validate.js';
import { MAX_WORKERS, pidFrom } from '../record/record.js';

/** A process, by its PID; or the process group led by a process: the child of a `spawn` with `detached: true`, and everything it starts. */
export type Worker = number | { readonly group: number };

/**
 * What a record says about workers. Throws a `RangeError` for a PID that no process has, for a group with no process left, and for group 1.
 *
 * @param known Workers that were identified before.
 */
export function identifyWorkers(
  workers: readonly Worker[],
  known: readonly ProcessIdentity[],
  processes: ProcessTable,
): readonly ProcessIdentity[] {
  if (!Array.isArray(workers)) {
    throw new TypeError(
      'The workers of a lock must be an array of PIDs and of objects such as { group: 4243 }.',
    );
  }
  if (workers.length > MAX_WORKERS) {
    throw new RangeError(`A lock can name at most ${MAX_WORKERS} workers, not ${workers.length}.`);
  }
  return workers.map((worker: Worker) => {
    const identity = identify(worker, processes);
    // When a group began can be found out only while its leader exists.
    const isSame = ({ pid, group }: ProcessIdentity) => pid === identity.pid && group === identity.group;
    return { ...identity, started: identity.started ?? known.find(isSame)?.started ?? null };
  });
}

function identify(worker: Worker, processes: ProcessTable): ProcessIdentity {
  const isGroup = typeof worker === 'object' && worker !== null;
  if (isGroup) refuseUnknown(worker, ['group'], ' of a worker');
  const pid = isGroup ? worker.group : worker;
  if (pidFrom(pid) === null)
    throw new RangeError(`A PID is an integer from 1 to 2147483647, not ${show(pid)}.`);
  // For kill(2), -1 means all processes.
  if (isGroup && pid === 1)
    throw new RangeError('Process group 1 cannot be a worker: it is not started by a job.');
  const identity = processes.identify(pid, isGroup);
  if (identity !== null) return identity;
  throw new RangeError(
    isGroup ? `There is no process group ${pid}.` : `There is no process with the PID ${pid}.`,
  );
}
