import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { parseProcStat } from '../../system/processes/linux.js';

/** A process that runs; zombies are not listed. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it began, in any form: by that it is told from a later process that was given its PID. */
  readonly started: string;
}

/** All processes of this machine that can be seen from here. */
export function listProcesses(): ListedProcess[] {
  return process.platform === 'linux' ? listByProc() : listByPs();
}

/** After `unshare --pid` without a new `/proc` the same numbers name other processes there (pid_namespaces(7)). */
function listByProc(): ListedProcess[] {
  if (read(() => readlinkSync('/proc/self')) !== String(process.pid)) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = read(() => readFileSync(`/proc/${name}/stat`, 'latin1'));
      const look = parseProcStat(stat);
      // The main thread of a process may have ended before the others.
      if (look === null || (look.zombie && look.threads <= 1)) return [];
      const [, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [
        { pid: Number(name), parent: Number(parent), group: Number(group), started: String(look.started) },
      ];
    });
}

function read(file: () => string): string {
  try {
    return file();
  } catch {
    return '';
  }
}

function listByPs(): ListedProcess[] {
  const columns = 'pid=,ppid=,pgid=,stat=,lstart=';
  const lines = execFileSync('ps', ['-A', '-o', columns], { encoding: 'latin1' }).split('\n');
  return lines.flatMap((line) => {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
    if (!pid || !parent || !group || !state || /^[ZX]/.test(state)) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), started: started.join(' ') }];
  });
}
