import type { ProcessIdentity } from './process-identity.js';

/**
 * What can be said of a process. `dead` only with proof; where that cannot be had (another machine, another PID
 * namespace, too little recorded) `unknown`.
 */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** What a lock needs to know about processes. Inject another one to make tests deterministic. */
export interface ProcessTable {
  /** The identity of the calling process. */
  self(): ProcessIdentity;
  /**
   * The identity of the process that has this PID now, or `null`.
   *
   * @param group Whether the process group is meant that it leads, or led before it ended. `null` then if nothing of the group is left, not even a zombie.
   *   Where the platform has no process groups, the process alone. Default: `false`.
   */
  identify(pid: number, group?: boolean): ProcessIdentity | null;
  /**
   * A process group is alive as long as anything in it is.
   *
   * @param age How many milliseconds ago the process was named, negative if that time is still to come. A process without a known start time
   *   that began later is another one, which got the PID. Default: unknown, and whichever process has the PID counts.
   */
  liveness(identity: ProcessIdentity, age?: number): Liveness;
  /**
   * Ends a process, or all of a process group: asks it to (SIGTERM), gives it `grace` milliseconds, then kills it (SIGKILL); resolves
   * once it is dead. Never signals a process whose identity, PID and start time, is not exactly the one named. Rejects if the
   * process cannot be identified from here, may not be signalled, or does not die; and if it is PID 1, this process, an
   * ancestor of it, or a process that the writer could not have ended either.
   *
   * @param writer The ID of the user who has named the process, `null` where that may be anybody. Default: a user who may signal no others
   *   than the calling process's own user.
   */
  terminate(identity: ProcessIdentity, grace: number, writer?: number | null): Promise<void>;
  /** Throws the reason for which `terminate` would send nothing. May be left out; then only `terminate` itself says so. */
  refuseTermination?(identity: ProcessIdentity, writer?: number | null): void;
  /** For how many milliseconds this machine, or the container in which this process runs, has been up. `null`: who knows. */
  uptime?(): number | null;
}

/** Whether a process or a group that this process itself has identified still runs. It is of this machine, also where nothing else proves that. */
export function isStillRunning(identity: ProcessIdentity, processes: ProcessTable): boolean {
  const isThere = processes.identify(identity.pid, identity.group) !== null;
  return isThere && processes.liveness(identity) !== 'dead';
}

/** The few questions about processes that differ between platforms; {@link HostProcessTable} draws the conclusions. */
export interface ProcessProbe {
  self(): ProcessIdentity;
  /**
   * Whether two processes without a boot id are on one machine when their hostnames agree: on platforms that have neither
   * boot ids nor PID namespaces. On Linux two containers may well have the same name.
   */
  readonly trustsHostname: boolean;
  /** `kill(pid, 0)`: `forbidden` means that it exists and belongs to someone else. The negative number is that of a process group. */
  exists(pid: number): 'yes' | 'no' | 'forbidden';
  /** Whether the platform has process groups. */
  readonly hasGroups: boolean;
  /** The processes of a group, as far as they can be seen. */
  members(group: number): readonly GroupMember[];
  /** Whether there may be processes that {@link members} leaves out. */
  mayHide(): boolean;
  /** Whether any process has that socket open, see {@link ProcessIdentity.inheritedSocket}. */
  isSocketOpen(socket: string): 'yes' | 'no' | 'unclear';
  /** The PIDs of those that have it open, as far as they can be seen. */
  socketOwners(socket: string): readonly number[];
  /** `null` where nothing more can be learnt of the process than that it exists. */
  look(pid: number): ProcessLook | null;
  /** Whether two start times, as {@link ProcessLook.started} gives them, are of one process. */
  sameStart(one: string, other: string): boolean;
  /** Whether a PID may name a process of this machine other than the one it names here: in another PID namespace. */
  mayExistElsewhere(pid: number): boolean;
  /** How long ago a process began, by its {@link ProcessLook.started}, as far as that can be compared with the times of files. */
  ageOf(started: string): AgeRange;
  /** The user on whose behalf this process acts. `null` on platforms that do not restrict signals by user IDs. */
  ownUser(): number | null;
  /** The real and the saved user ID of a process, which decide who may signal it (kill(2)). `null` where they cannot be learnt. */
  usersOf(pid: number): readonly number[] | null;
  /** Whether a number is that of a process. A signal to the number of a thread goes to its process, which has another (kill(2)). */
  isProcess(pid: number): boolean;
  /** The PIDs of the processes that have led to this one, its parent first, as far as they can be learnt. */
  ancestors(): readonly number[];
  /** As {@link ProcessTable.uptime}. */
  uptime?(): number | null;
  /** `kill(pid, signal)`, with a negative number to a process group. Throws the system's error. */
  signal(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** In milliseconds. A difference to what cannot be read is `NaN`, which is neither less nor more than anything. */
export interface AgeRange {
  readonly least: number;
  readonly most: number;
}

export interface ProcessLook {
  readonly started: string | null;
  /** It has exited and waits only for its parent to notice. */
  readonly zombie: boolean;
  /** How many of its threads still run. */
  readonly threads: number;
}

/** A process of a group. */
export interface GroupMember extends Pick<ProcessLook, 'zombie' | 'threads'> {
  readonly pid: number;
}
