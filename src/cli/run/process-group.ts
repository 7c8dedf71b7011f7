import { type ChildProcess, spawnSync } from 'node:child_process';
import { systemProcesses, type Worker } from '../../index.js';
import { isStillRunning } from '../../system/processes/still-running.js';
import { hasOpen, type InheritedSocket } from './inherited-socket.js';
import { type ListedProcess, listProcesses } from './process-list.js';

/** The command and all that it has started and that has stayed with it: what a lock has to outlive. */
export interface ProcessGroup {
  /** How a lock names it at its start. */
  readonly named: readonly Worker[];
  /** To all that live. */
  signal(signal: NodeJS.Signals): void;
  /** Those who live, as a lock names them; none when all are gone. */
  survivors(): readonly Worker[];
}

/**
 * A process group of its own (setpgid(2)): the command was started as its leader, and what it starts belongs to it, unless it
 * leaves as a daemon does. To be called before this process takes notice of the leader's end, so that its number is still its own.
 */
export function groupOf(leader: number): ProcessGroup {
  const processes = systemProcesses();
  const group = processes.identify(leader, true);
  const isAlive = () => group !== null && isStillRunning(group, processes);
  const named = [{ group: leader }];
  return {
    named,
    signal(signal) {
      if (isAlive()) send(-leader, signal);
    },
    survivors() {
      return isAlive() ? named : [];
    },
  };
}

/**
 * On a terminal the command shares the group of this process: only so does it keep the terminal, with passwords that are asked
 * for, Ctrl-C and Ctrl-Z. Others may be in that group too, `tee` in `livinglock run … | tee`, and are not ours. To be
 * called before the command is started, and with it afterwards: what is there already is not ours either.
 */
export function sharedGroup(socket: InheritedSocket | null): (command: ChildProcess) => ProcessGroup {
  const others = new Set(listProcesses().map(({ pid }) => pid));
  const isOrphan = (pid: number, isParentInGroup: boolean) =>
    (socket !== null && hasOpen(pid, socket)) || !(isParentInGroup || others.has(pid));
  return (command) => {
    // The command itself may be hidden, as another user's (sudo).
    const leader = () =>
      (command.exitCode ?? command.signalCode) === null && command.pid !== undefined ? [command.pid] : [];
    const survivors = () => {
      const listed = membersOfOurs(listProcesses(), isOrphan).map(({ pid }) => pid);
      return [...new Set([...leader(), ...listed.filter((pid) => !others.has(pid))])];
    };
    return {
      named: leader(),
      signal(signal) {
        for (const pid of survivors()) send(pid, signal);
      },
      survivors,
    };
  };
}

/**
 * Who descends from this process, or whose parent died and was ours. Such an orphan gets the first process of the container as its parent,
 * or another that asked for it (PR_SET_CHILD_SUBREAPER, prctl(2)). If that is the parent of this process too, whatever else it has
 * started in this group looks the same. A shell with job control is in a group of its own, and has started a whole pipeline before
 * this is asked; a script's shell is in this group, and what it starts meanwhile is not ours.
 */
function membersOfOurs(
  listed: readonly ListedProcess[],
  isOrphan: (childOfParent: number, isParentInGroup: boolean) => boolean,
): ListedProcess[] {
  const byPid = new Map(listed.map((entry) => [entry.pid, entry]));
  const group = byPid.get(process.pid)?.group;
  const ancestors = ancestorsOf(process.pid, byPid);
  const isParentInGroup = byPid.get(process.ppid)?.group === group;
  return listed.filter((entry) => {
    if (entry.group !== group || entry.pid === process.pid || ancestors.includes(entry.pid)) return false;
    const line = ancestorsOf(entry.pid, byPid);
    const isParents = !line.includes(process.pid) && line.includes(process.ppid);
    return !isParents || isOrphan([entry.pid, ...line][line.indexOf(process.ppid)] ?? 0, isParentInGroup);
  });
}

function ancestorsOf(pid: number, byPid: ReadonlyMap<number, ListedProcess>): number[] {
  const line: number[] = [];
  for (let parent = byPid.get(pid)?.parent; parent; parent = byPid.get(parent)?.parent) {
    if (line.includes(parent)) break;
    line.push(parent);
  }
  return line;
}

/** Windows knows no signals; a process can only be ended, with all that it has started (taskkill, `/t`). */
export function treeOf(root: number): ProcessGroup {
  return {
    named: [root],
    signal() {
      spawnSync('taskkill', ['/pid', String(root), '/t', '/f'], { stdio: 'ignore' });
    },
    survivors() {
      return exists(root) ? [root] : [];
    },
  };
}

function exists(target: number): boolean {
  try {
    process.kill(target, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** Who is gone already, or belongs to someone else (sudo), cannot be told. */
function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // As above.
  }
}
