import { type ProcessTable, systemProcesses } from '../../index.js';
import type { Cover } from './cover.js';
import type { InheritedSocket } from './inherited-socket.js';

/**
 * The system's process table, extended by the socket that this process hands on, and by whether the lock's sign of life outlasts whatever this process
 * starts.
 */
export function processesWith(
  socket: InheritedSocket | null,
  cover: Pick<Cover, 'isThere' | 'isOfWorkers'>,
): ProcessTable {
  const processes = systemProcesses();
  return {
    self: () => ({
      ...processes.self(),
      ...(socket !== null && { inheritedSocket: socket.name }),
      ...(cover.isThere && { sign: true }),
    }),
    identify(pid, group) {
      const identity = processes.identify(pid, group);
      if (identity === null) return null;
      const isHeir = socket !== null && identity.group === true;
      return {
        ...identity,
        ...(isHeir && { inheritedSocket: socket.name }),
        ...(cover.isOfWorkers && { sign: true }),
      };
    },
    liveness: (identity, age) => processes.liveness(identity, age),
    terminate: (...args) => processes.terminate(...args),
    refuseTermination: (identity, writer) => processes.refuseTermination?.(identity, writer),
    uptime: () => processes.uptime?.() ?? null,
  };
}
