import { INITIAL_PID_NAMESPACE, type ProcessIdentity } from '../../system/processes/process-identity.js';
import type { LockRecord } from '../record.js';

/**
 * What a holder is to a contender that goes by the name of an owner.
 *
 * - `earlier-run`: an earlier life of the same owner, which has ended if there is never more than one of that name on a host.
 * - `namesake`: the same name, but of somebody who may be at work at the same time.
 * - `none`: nothing.
 */
export type OwnerRelation = 'earlier-run' | 'namesake' | 'none';

/**
 * An owner's name stands for one machine or one container, which starts again only after it has ended. So a process with
 * the name on the same host, in an earlier boot or in an earlier container, is gone. One on another host, or
 * outside of containers while this process is in one, was given the same name by mistake: nothing is known about it.
 *
 * If two with one name do run on one host (two containers that share it, or a machine and its clone), a heartbeat tells: the
 * last heartbeat of an earlier run was before this run began.
 *
 * A StatefulSet of Kubernetes gives such names: at most one pod has each at a time, and it keeps its host name
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/).
 *
 * @param hasBeatenSince Whether the holder has given a heartbeat since this machine or container was started.
 */
export function relationOf(
  holder: LockRecord,
  owner: string | null,
  self: ProcessIdentity,
  hasBeatenSince = false,
): OwnerRelation {
  if (owner === null || holder.owner !== owner) return 'none';
  if (hasBeatenSince) return 'namesake';
  return [holder.process, ...holder.workers].every((process) => isOfEarlierLife(process, self))
    ? 'earlier-run'
    : 'namesake';
}

/** Within one life of a host or container the process table knows better. */
function isOfEarlierLife(process: ProcessIdentity, self: ProcessIdentity): boolean {
  return (
    isOnSameHost(process, self) &&
    surroundings(process) === surroundings(self) &&
    (process.bootId !== self.bootId || process.pidNamespace !== self.pidNamespace)
  );
}

/** Names of machines that nobody has named. */
const NAMELESS = ['localhost', 'localhost.localdomain'];

function isOnSameHost({ hostname, bootId }: ProcessIdentity, self: ProcessIdentity): boolean {
  return (
    hostname !== null &&
    hostname === self.hostname &&
    !isNameless(hostname) &&
    bootId !== null &&
    self.bootId !== null
  );
}

/** Whether it is a host name that many machines have. */
export function isNameless(hostname: string | null): boolean {
  return hostname === null || NAMELESS.includes(hostname.toLowerCase());
}

function surroundings({ pidNamespace }: ProcessIdentity): 'unknown' | 'host' | 'container' {
  if (pidNamespace === null) return 'unknown';
  return pidNamespace === INITIAL_PID_NAMESPACE ? 'host' : 'container';
}
