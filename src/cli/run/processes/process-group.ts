import { type ChildProcess, spawnSync } from 'node:child_process';
import { systemProcesses, type Worker } from '../../../index.js';
import { attempt } from '../../../system/attempt.js';
import { LinuxProbe } from '../../../system/processes/linux.js';
import { isStillRunning } from '../../../system/processes/process-table.js';
import { systemProgram } from '../../../system/windows-program.js';
import type { InheritedSocket } from '../sign/inherited-socket.js';
import { hasOpen, hasToken, type ListedProcess, listProcesses } from './process-list.js';

/** Milliseconds. It takes a few hundred on a busy machine. */
const TASKKILL_TIMEOUT = 5000;

/** The command and everything it started that has stayed with it: the lock must outlive all of it. */
export interface ProcessGroup {
  /** How the lock names it at its start. */
  readonly named: readonly Worker[];
  /** Sends a signal to every living process of it. */
  signal(signal: NodeJS.Signals): void;
  /** Its living processes, as a lock names them; empty when all are gone. */
  survivors(): readonly Worker[];
  /** Whether all its processes are gone. */
  isGone(): boolean;
}

/**
 * A process group of its own (setpgid(2)): the command was started as its leader, and whatever it starts belongs to it, unless
 * it leaves as a daemon does. Must be called before this process reaps the leader, while the PID cannot be reused.
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

/**
 * A command on Windows, which has neither process groups nor signals: a process can only be ended, together with everything it started (taskkill,
 * `/t`). Judged by its exit and not by its PID, which Windows soon gives to another process.
 */
export function treeOf(root: ChildProcess, pid: number): ProcessGroup {
  const isGone = () => (root.exitCode ?? root.signalCode) !== null;
  return {
    named: [pid],
    signal(signal) {
      if (signal !== 'SIGCONT' && !isGone() && !killTree(pid)) root.kill();
    },
    survivors: () => (isGone() ? [] : [pid]),
    isGone,
  };
}

/** The socket that the command and all its descendants inherit. */
interface Inheritance {
  readonly socket: InheritedSocket | null;
  /** The value of `LIVINGLOCK_TOKEN`; empty for a command that runs without the lock. */
  readonly token: string;
}

/**
 * On a terminal the command shares the group of this process. Only that way does it keep the terminal: password prompts,
 * Ctrl-C and Ctrl-Z. That group contains others too: what `make -j` has started beside this process, or `tee` in
 * `livinglock run … | tee`. They are neither waited for nor signalled. Must be called before the command starts, and the result with it afterwards.
 */
export function sharedGroup(inheritance: Inheritance): (command: ChildProcess) => ProcessGroup {
  const isOrphan = orphansBy(inheritance);
  return (command) => {
    // The command itself may be hidden, because it runs as another user (sudo).
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

function killTree(pid: number): boolean {
  const { status } = spawnSync(systemProgram('taskkill.exe'), ['/pid', String(pid), '/t', '/f'], {
    stdio: 'ignore',
    timeout: TASKKILL_TIMEOUT,
    windowsHide: true,
  });
  return status === 0;
}

/** Whether a process without this one among its ancestors once had it: its parents ended, and it was given a new parent. */
type IsOrphan = (entry: ListedProcess, line: readonly ListedProcess[]) => boolean;

/**
 * On Linux, it has inherited the socket. Elsewhere it is an orphan of the command if the topmost ancestor's parent is the first process, and
 * neither it nor the processes in between existed before the command.
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

/**
 * A process list misses a process that forks and ends while it is read, and one that cannot be seen from here. But the kernel
 * knows whether anyone has the socket open. Nobody is missed only if everyone who has it is seen in another group: daemons.
 */
function isAnyMissed(socket: InheritedSocket | null): boolean {
  const probe = new LinuxProbe();
  if (socket === null || probe.isSocketOpen(socket.name) !== 'yes') return false;
  const owners = probe.socketOwners(socket.name);
  const groups = new Map(listProcesses().map(({ pid, group }) => [pid, group]));
  const isDaemon = (pid: number) => groups.has(pid) && groups.get(pid) !== groups.get(process.pid);
  return owners.length === 0 || !owners.every(isDaemon);
}

/** The processes in our group that descend from this process. */
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

/** A process that is already gone, or belongs to someone else (sudo), cannot be signalled. */
function send(target: number, signal: NodeJS.Signals): void {
  attempt(() => process.kill(target, signal), false);
}
