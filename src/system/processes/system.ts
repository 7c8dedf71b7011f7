import { systemClock } from '../clock.js';
import { HostProcessTable } from './host-process-table.js';
import { LinuxProbe } from './linux.js';
import { PosixProbe } from './posix.js';
import type { ProcessProbe, ProcessTable } from './process-table.js';
import { WindowsProbe } from './windows.js';

let processes: ProcessTable | undefined;

/** The process table of the running system. */
export function systemProcesses(): ProcessTable {
  processes ??= new HostProcessTable(probeOf(process.platform), systemClock);
  return processes;
}

function probeOf(platform: NodeJS.Platform): ProcessProbe {
  switch (platform) {
    case 'linux':
    case 'android':
      return new LinuxProbe();
    case 'win32':
      return new WindowsProbe();
    default:
      return new PosixProbe();
  }
}
