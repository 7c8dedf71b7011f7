import type { ProcessIdentity } from './process-identity.js';

/**
 * What is known about a process. `dead` only with proof; if there cannot be any (another machine, another PID
 * namespace, too little recorded) `unknown`.
 */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** What a lock needs to know about processes. Inject another table to make tests deterministic. */
export interface ProcessTable {
  /** The identity of the calling process. */
  self(): ProcessIdentity;
  /**
   * The identity of the process that has this PID now, or `null`.
   *
   * @param group Whether to identify the process group that it leads, or led before it ended; `null` then if nothing is left of the group, not even a zombie.
   *   If the platform has no process groups, just the process. Default: `false`.
   */
  identify(pid: number, group?: boolean): ProcessIdentity | null;
  /**
   * Whether a process is alive. A process group is alive as long as any process in it is.
   *
   * @param age How many milliseconds ago the process was named, negative if that time is in the future. If the start time of the named process is
   *   unknown, a process that began later is another one that got its PID. Default: unknown; then whichever process has the PID counts.
   */
  liveness(identity: ProcessIdentity, age?: number): Liveness;
  /**
   * Ends a process, or a whole process group: asks it to end (SIGTERM), waits `grace` milliseconds, then kills it (SIGKILL). Resolves
   * once it is dead. Never signals a process unless its identity, both PID and start time, is exactly the one given. Rejects if the
   * process cannot be identified from here, may not be signalled, or does not die; and if it is PID 1, this process, an
   * ancestor of it, or a process that the writer could not have ended either.
   *
   * @param writer The ID of the user who named the process, `null` if that may be anybody. Default: a user who may signal only processes
   *   of the calling process's own user.
   * @param signal Stops it: rejects with the signal's reason, and signals nothing more.
   */
  terminate(
    identity: ProcessIdentity,
    grace: number,
    writer?: number | null,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Throws the reason why `terminate` would send nothing. May be left out; then only `terminate` itself reports it. */
  refuseTermination?(identity: ProcessIdentity, writer?: number | null): void;
  /** How many milliseconds this machine, or the container in which this process runs, has been up. `null` if unknown. */
  uptime?(): number | null;
}

/** Whether a process or group that this process itself identified is still running. It is on this machine, even if nothing else proves that. */
export function isStillRunning(identity: ProcessIdentity, processes: ProcessTable): boolean {
  const isThere = processes.identify(identity.pid, identity.group) !== null;
  return isThere && processes.liveness(identity) !== 'dead';
}

/** The few questions about processes that differ between platforms. {@link HostProcessTable} draws the conclusions. */
export interface ProcessProbe {
  self(): ProcessIdentity;
  /**
   * Whether two processes without a boot ID are on one machine if their host names agree. True on platforms that have neither
   * boot IDs nor PID namespaces. On Linux two containers may well have the same name.
   */
  readonly trustsHostname: boolean;
  /** `kill(pid, 0)`: `forbidden` means that it exists and belongs to someone else. A negative number means a process group. */
  exists(pid: number): 'yes' | 'no' | 'forbidden';
  /** Whether the platform has process groups. */
  readonly hasGroups: boolean;
  /** The processes of a group, as far as they are visible. */
  members(group: number): readonly GroupMember[];
  /** Whether there may be processes that {@link members} leaves out. */
  mayHide(): boolean;
  /** Whether any process has that socket open, see {@link ProcessIdentity.inheritedSocket}. Left out where nobody can see sockets. */
  isSocketOpen?(socket: string): 'yes' | 'no' | 'unclear';
  /** The PIDs of the processes that have it open, as far as they are visible. Left out, too. */
  socketOwners?(socket: string): readonly number[];
  /**
   * `null` if nothing is known about the process except that it exists.
   *
   * @param isFresh Whether an answer of before will not do. Default: `false`.
   */
  look(pid: number, isFresh?: boolean): ProcessLook | null;
  /** Whether a process that was recorded with one start time, as in {@link ProcessLook.started}, is the one that now has the other. */
  sameStart(recorded: string, current: string): 'yes' | 'no' | 'unclear';
  /** Whether a PID may name a process of this machine other than the one it names here: in another PID namespace. */
  mayExistElsewhere(pid: number): boolean;
  /** How long ago a process began, from its {@link ProcessLook.started}, as far as that can be compared with file times. */
  ageOf(started: string): AgeRange;
  /** The user on whose behalf this process acts. `null` on platforms that do not restrict signals by user IDs. */
  ownUser(): number | null;
  /** The real and the saved user ID of a process, which decide who may signal it (kill(2)). `null` if unknown. */
  usersOf(pid: number): readonly number[] | null;
  /** Whether a number is the ID of a process. A signal to the ID of a thread goes to its process, which has another ID (kill(2)). */
  isProcess(pid: number): boolean;
  /** The PIDs of this process's ancestors, its parent first, as far as they are known. */
  ancestors(): readonly number[];
  /** As {@link ProcessTable.uptime}. */
  uptime?(): number | null;
  /** `kill(pid, signal)`, with a negative number to a process group. Throws the system's error. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** In milliseconds. A difference to an unreadable value is `NaN`, which is neither less nor more than anything. */
export interface AgeRange {
  readonly least: number;
  readonly most: number;
}

export interface ProcessLook {
  /** It may be found out only when it is read. */
  readonly started: string | null;
  /** It has exited and waits only for its parent to reap it. */
  readonly zombie: boolean;
  /** How many of its threads are still running. */
  readonly threads: number;
}

/** A process of a group. */
export interface GroupMember extends Pick<ProcessLook, 'zombie' | 'threads'> {
  readonly pid: number;
}

/**
 * A zombie may still be running: the main thread of a killed process is one until the last of its threads has ended, and every
 * Node process has several (proc_pid_stat(5), `num_threads`).
 */
export function isFinished({ zombie, threads }: Pick<ProcessLook, 'zombie' | 'threads'>): boolean {
  return zombie && threads <= 1;
}
