import { hostOrContainer, type ProcessIdentity } from '../../system/processes/process-identity.js';
import type { LockRecord } from '../record/record.js';
import { isOnNamedHost } from './provenance.js';

/**
 * How a holder is related to a contender that has an `owner` name.
 *
 * - `earlier-run`: an earlier run of the same owner. It has ended, provided that no two of that name run on one host.
 * - `namesake`: the same name, but it may still be running.
 * - `none`: nothing.
 */
export type OwnerRelation = 'earlier-run' | 'namesake' | 'none';

/**
 * An owner's name stands for one machine or one container, which starts again only after it has ended. So a process with
 * that name on the same host, in an earlier boot or in an earlier container, is gone. A process on another host, or
 * outside containers while this process is in one, has the same name by mistake: nothing is known about it.
 *
 * If two with one name do run on one host (two containers that share it, or a machine and its clone), a heartbeat tells them apart: the
 * last heartbeat of an earlier run is older than the start of this run.
 *
 * A Kubernetes StatefulSet gives such names: at most one pod has each name at a time, and it keeps its host name
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/).
 *
 * @param hasBeatenSince Whether the holder has sent a heartbeat since this machine or container was started.
 */
export function relationOf(
  holder: LockRecord,
  owner: string | null,
  self: ProcessIdentity,
  hasBeatenSince: boolean,
): OwnerRelation {
  if (owner === null || holder.owner !== owner) return 'none';
  if (hasBeatenSince) return 'namesake';
  return [holder.process, ...holder.workers].every((process) => isOfEarlierLife(process, self))
    ? 'earlier-run'
    : 'namesake';
}

/** Within one run of a host or container the process table knows better. */
function isOfEarlierLife(process: ProcessIdentity, self: ProcessIdentity): boolean {
  return (
    isOnNamedHost(process, self) &&
    process.bootId !== null &&
    self.bootId !== null &&
    hostOrContainer(process) === hostOrContainer(self) &&
    (process.bootId !== self.bootId || process.pidNamespace !== self.pidNamespace)
  );
}
