/**
 * Identifies a process: a PID, and what makes that PID unique.
 *
 * A PID alone identifies a process only within one boot of one machine and, on Linux, within one PID namespace
 * (`pid_namespaces(7)`). Its start time tells it from a later process with the same PID.
 */
export interface ProcessIdentity {
  /** For a group: that of its leader. */
  readonly pid: number;
  /** The name of the machine or container. */
  readonly hostname: string | null;
  /** Unique to one boot of one machine; Linux: `/proc/sys/kernel/random/boot_id`, see `random(4)`. */
  readonly bootId: string | null;
  /** Linux only: the target of `/proc/self/ns/pid`. */
  readonly pidNamespace: string | null;
  /** When the process started, in the platform's own notation: clock ticks since boot on Linux, an ISO date elsewhere. */
  readonly started: string | null;
  /** Set if the whole process group counts that this process leads, or led before it ended (setpgid(2)). */
  readonly group?: true;
  /**
   * Linux only: a socket that this process hands on to the processes it starts, so that others see that one of them lives before it is
   * named as a worker. For a group: the socket that its members inherited, which tells the group from a later one with the same number. The target of
   * `/proc/self/ns/net`, a space, the name in that network namespace (unix(7), "abstract"), a space, and the inode number.
   */
  readonly inheritedSocket?: string;
  /** Linux only: the holder's sign of life does not end before this process, or group, and what a command has inherited from it. */
  readonly sign?: true;
}

/** Whether only the PID is known, and not the machine, boot or namespace it counts in. */
export function isBare(identity: ProcessIdentity): boolean {
  return identity.hostname === null && identity.bootId === null && identity.pidNamespace === null;
}

/**
 * Whether no other living process can be identified like this. Without `/proc`, all processes with one PID are, in however many PID namespaces.
 */
export function isUnique({ started, pidNamespace }: ProcessIdentity): boolean {
  return started !== null || pidNamespace !== null;
}

/**
 * The PID namespace that the kernel starts with. Its inode number is fixed: `PROC_PID_INIT_INO` in the kernel's
 * `include/linux/proc_ns.h`.
 */
export const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/** Where a process runs. `unknown` on systems without PID namespaces, and for a process known only by its PID. */
export function hostOrContainer({ pidNamespace }: ProcessIdentity): 'host' | 'container' | 'unknown' {
  if (pidNamespace === null) return 'unknown';
  return pidNamespace === INITIAL_PID_NAMESPACE ? 'host' : 'container';
}

/** Whether these are one process, as far as both are known. */
export function isSameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  const keys = ['pid', 'hostname', 'bootId', 'pidNamespace', 'started'] as const;
  return keys.every((key) => one[key] === other[key]);
}

/** The boot ID of the kernel, without the time namespace of the process. */
function kernelBootId(bootId: string): string {
  return bootId.replace(/ time:\[\d+\]$/, '');
}

/** Whether both processes run on one kernel, in one boot of it. */
export function isOfSameKernel(one: ProcessIdentity, other: ProcessIdentity): boolean {
  if (one.bootId === null || other.bootId === null) return false;
  return kernelBootId(one.bootId) === kernelBootId(other.bootId);
}

/** Whether both processes run on one machine, judged by its name where there are no boot IDs. */
export function isOfSameMachine(one: ProcessIdentity, other: ProcessIdentity): boolean {
  if (one.bootId !== null || other.bootId !== null) return isOfSameKernel(one, other);
  return one.hostname !== null && one.hostname === other.hostname;
}

/** Whether both processes are outside containers and the boot of one is unknown, so that both may be of one boot. */
export function isOfUnknownBoot(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    (one.bootId === null || other.bootId === null) &&
    hostOrContainer(one) === 'host' &&
    hostOrContainer(other) === 'host'
  );
}
