import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** A process that runs; zombies are not listed. */
export interface ListedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/** All processes of this machine that can be seen from here. */
export function listProcesses(): ListedProcess[] {
  return process.platform === 'linux' ? listByProc() : listByPs();
}

/** proc_pid_stat(5): pid (command) state ppid pgrp. */
function listByProc(): ListedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(name);
      const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return toListed(name, parent, group, state);
    });
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return '';
  }
}

function listByPs(): ListedProcess[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat='], { encoding: 'latin1' }).split(
    '\n',
  );
  return lines.flatMap((line) => {
    const [pid, parent, group, state] = line.trim().split(/\s+/);
    return toListed(pid, parent, group, state);
  });
}

function toListed(pid?: string, parent?: string, group?: string, state?: string): ListedProcess[] {
  if (!pid || !parent || !group || !state || /^[ZX]/.test(state)) return [];
  return [{ pid: Number(pid), parent: Number(parent), group: Number(group) }];
}
