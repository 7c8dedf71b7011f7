import { type ProcessIdentity, type ProcessTable, systemProcesses } from '../../../index.js';
import type { CommandSign } from './command-sign.js';
import type { InheritedSocket } from './inherited-socket.js';

/**
 * The system's process table, extended by the socket that this process hands on, and by whether the lock's sign of life outlasts whatever this process
 * starts.
 *
 * @param ended Gets the PIDs of the processes that are ended.
 * @param isStartCostly Whether it takes a program to find out when another process began, such as PowerShell, half a second. Then the moment at
 *   which a process is named stands for its start: this process names what it has just started.
 */
export function processesWith(
  socket: InheritedSocket | null,
  commandSign: Pick<CommandSign, 'willCoverCommand' | 'coversWorkersNow'>,
  ended: number[] = [],
  isStartCostly = process.platform === 'win32',
): ProcessTable {
  const processes = systemProcesses();
  return {
    self: () => ({
      ...processes.self(),
      ...(socket !== null && { inheritedSocket: socket.name }),
      ...(commandSign.willCoverCommand && { sign: true }),
    }),
    identify(pid, group) {
      const identity = isStartCostly ? identifyAsNew(pid, processes) : processes.identify(pid, group);
      if (identity === null) return null;
      // If this process is a worker, then on behalf of a command that it is to start.
      const isHeir = socket !== null && (identity.group === true || pid === process.pid);
      return {
        ...identity,
        ...(isHeir && { inheritedSocket: socket.name }),
        ...(commandSign.coversWorkersNow && { sign: true }),
      };
    },
    liveness: (identity, age) => processes.liveness(identity, age),
    async terminate(identity, ...how) {
      await processes.terminate(identity, ...how);
      ended.push(identity.pid);
    },
    refuseTermination: (identity, writer) => processes.refuseTermination?.(identity, writer),
    uptime: () => processes.uptime?.() ?? null,
  };
}

function identifyAsNew(pid: number, processes: ProcessTable): ProcessIdentity | null {
  const identity = { ...processes.self(), pid, started: null };
  if (processes.liveness(identity) === 'dead') return null;
  return { ...identity, started: new Date().toISOString() };
}
