import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { attempt } from '../../../system/attempt.js';
import { parseProcStat } from '../../../system/processes/linux.js';
import { PS, runInEnglish } from '../../../system/processes/posix.js';
import { isFinished } from '../../../system/processes/process-table.js';

/** A running process; zombies are not listed. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** When it began, in any format: tells it apart from a later process with the same PID. */
  readonly started: string;
}

/** All processes of this machine that are visible from here. */
export function listProcesses(): ListedProcess[] {
  return process.platform === 'linux' ? listByProc() : listByPs();
}

/** After `unshare --pid` without a new `/proc`, PIDs there belong to another namespace (pid_namespaces(7)). */
function listByProc(): ListedProcess[] {
  if (attempt(() => readlinkSync('/proc/self'), null) !== String(process.pid)) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = parseProcStat(attempt(() => readFileSync(`/proc/${name}/stat`, 'latin1'), ''));
      if (stat === null || isFinished(stat)) return [];
      const { parent, group, started } = stat;
      return [{ pid: Number(name), parent, group, started }];
    });
}

function listByPs(): ListedProcess[] {
  const columns = 'pid=,ppid=,pgid=,stat=,lstart=';
  const lines = runInEnglish(PS, ['-A', '-o', columns]).split('\n');
  return lines.flatMap((line) => {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
    if (!pid || !parent || !group || !state || /^[ZX]/.test(state)) return [];
    return [{ pid: Number(pid), parent: Number(parent), group: Number(group), started: started.join(' ') }];
  });
}

/** Whether a process has a socket open, by its inode number. On Linux. Not if it has ended, or belongs to another user. */
export function hasOpen(pid: number, { inode }: { readonly inode: bigint }): boolean {
  const folder = `/proc/${pid}/fd`;
  // Not by `LinuxProbe.socketOwners`: its single reading of the list of sockets may miss this one, and with it an orphan of the command.
  return attempt(
    () => readdirSync(folder).some((name) => readlinkSync(`${folder}/${name}`) === `socket:[${inode}]`),
    false,
  );
}

/** By the environment with which the process began its program (proc_pid_environ(5)). Not if it has ended, or belongs to another user. */
export function hasToken(pid: number, token: string): boolean {
  const environment = attempt(() => readFileSync(`/proc/${pid}/environ`, 'latin1'), '');
  return environment.split('\0').includes(`LIVINGLOCK_TOKEN=${token}`);
}
