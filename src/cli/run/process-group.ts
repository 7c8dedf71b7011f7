import { type ChildProcess, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemProcesses, type Worker } from '../../index.js';
import { LinuxProbe } from '../../system/processes/linux.js';
import { isStillRunning } from '../../system/processes/process-table.js';
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
  /** Whether nobody is left. */
  isGone(): boolean;
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
    survivors: () => (isAlive() ? named : []),
    isGone: () => !isAlive(),
  };
}

/** What the command inherits, and hands on to all that it starts. */
export interface Inheritance {
  readonly socket: InheritedSocket | null;
  /** The value of `LIVINGLOCK_TOKEN`; empty for a command that runs without the lock. */
  readonly token: string;
}

/**
 * On a terminal the command shares the group of this process: only so does it keep the terminal, with passwords that are asked
 * for, Ctrl-C and Ctrl-Z. Others are in that group too: what `make -j` has started beside this process, or `tee` in
 * `livinglock run … | tee`. They are neither waited for nor signalled. To be called before the command is started, and with it afterwards.
 */
export function sharedGroup(inheritance: Inheritance): (command: ChildProcess) => ProcessGroup {
  const isOrphan = orphansBy(inheritance);
  return (command) => {
    // The command itself may be hidden, as another user's (sudo).
    const leader = () =>
      (command.exitCode ?? command.signalCode) === null && command.pid !== undefined ? [command.pid] : [];
    const survivors = () => [...new Set([...leader(), ...membersOfOurs(listProcesses(), isOrphan)])];
    return {
      named: leader(),
      signal(signal) {
        for (const pid of survivors()) send(pid, signal);
      },
      survivors,
      isGone: () => survivors().length === 0 && !isAnyMissed(inheritance.socket),
    };
  };
}

/** Whether a process that does not descend from this one once did: its parents have ended, and a stranger was made its parent. */
type IsOrphan = (entry: ListedProcess, line: readonly ListedProcess[]) => boolean;

/**
 * On Linux by what it has inherited. Elsewhere it is an orphan of the command if the first process is its parent, and if it and those in between
 * were not there before the command.
 */
function orphansBy({ socket, token }: Inheritance): IsOrphan {
  if (process.platform === 'linux') {
    return ({ pid }) => (socket !== null && hasOpen(pid, socket)) || (token !== '' && hasToken(pid, token));
  }
  const nameOf = ({ pid, started }: ListedProcess) => `${pid} ${started}`;
  const others = new Set(listProcesses().map(nameOf));
  return (entry, line) => {
    const branch = [entry, ...line.filter(({ pid }) => pid > 1)];
    return branch.every((each) => !others.has(nameOf(each)));
  };
}

/** As it was when the process began its program (proc_pid_environ(5)). */
function hasToken(pid: number, token: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`LIVINGLOCK_TOKEN=${token}`);
  } catch {
    // It has ended, or belongs to another user.
    return false;
  }
}

/**
 * A list leaves out who forks and ends while it is read, and who cannot be seen from here; but the kernel says whether anybody has the
 * socket. Nobody is missed only if all who have it are seen in other groups: daemons.
 */
function isAnyMissed(socket: InheritedSocket | null): boolean {
  const probe = new LinuxProbe();
  if (socket === null || probe.isSocketOpen(socket.name) !== 'yes') return false;
  const owners = probe.socketOwners(socket.name);
  const groups = new Map(listProcesses().map(({ pid, group }) => [pid, group]));
  const isDaemon = (pid: number) => groups.has(pid) && groups.get(pid) !== groups.get(process.pid);
  return owners.length === 0 || !owners.every(isDaemon);
}

/** Who is in the group of this process and has come from it. */
function membersOfOurs(listed: readonly ListedProcess[], isOrphan: IsOrphan): readonly number[] {
  const byPid = new Map(listed.map((entry) => [entry.pid, entry]));
  const self = byPid.get(process.pid);
  if (self === undefined) return [];
  const ours = listed.filter((entry) => {
    if (entry.group !== self.group || entry === self) return false;
    const line = ancestorsOf(entry, byPid);
    return line.includes(self) || isOrphan(entry, line);
  });
  return ours.map(({ pid }) => pid);
}

function ancestorsOf(entry: ListedProcess, byPid: ReadonlyMap<number, ListedProcess>): ListedProcess[] {
  const line: ListedProcess[] = [];
  for (
    let each = byPid.get(entry.parent);
    each !== undefined && !line.includes(each);
    each = byPid.get(each.parent)
  ) {
    line.push(each);
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
    survivors: () => (exists(root) ? [root] : []),
    isGone: () => !exists(root),
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
