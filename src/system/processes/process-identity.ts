/**
 * Who a process is: a PID, and what makes that PID mean something.
 *
 * A PID alone names a process only within one boot of one machine and, on Linux, within one PID namespace
 * (`pid_namespaces(7)`); its start time tells it from a later process that got the same number.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly hostname: string | null;
  /** Unique to one boot of one machine; Linux: `/proc/sys/kernel/random/boot_id`, see `random(4)`. */
  readonly bootId: string | null;
  /** Linux only: the target of `/proc/self/ns/pid`. */
  readonly pidNamespace: string | null;
  /** When the process started, in the platform's own notation: clock ticks since boot on Linux, an ISO date elsewhere. */
  readonly started: string | null;
  /** Set where the whole process group counts that this process leads, or led before it ended (setpgid(2)). */
  readonly group?: true;
  /**
   * Linux only: names a socket that this process hands on to what it starts, so that others see that something of it lives before it has
   * been named as a worker. Of a group, the socket that its members have inherited, by which it can be told from a later one of its number. The target of
   * `/proc/self/ns/net`, a space, the name in that network namespace (unix(7), "abstract"), a space, and the number of the inode.
   */
  readonly inheritedSocket?: string;
}

/** Whether nothing but the PID is known: neither on which machine nor in which boot or namespace it counts. */
export function isBare(identity: ProcessIdentity): boolean {
  return identity.hostname === null && identity.bootId === null && identity.pidNamespace === null;
}

/**
 * The PID namespace that the kernel starts with. Its inode number is fixed: `PROC_PID_INIT_INO` in the kernel's
 * `include/linux/proc_ns.h`.
 */
export const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/** The boot itself, whatever time namespace the process was in. */
export function kernelBootId(bootId: string): string {
  return bootId.replace(/ time:\[\d+\]$/, '');
}

/** Whether two processes are outside of containers, and of one of them the boot is not known, so that they may be of one. */
export function isOfUnknownBoot(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return (
    (one.bootId === null || other.bootId === null) &&
    one.pidNamespace === INITIAL_PID_NAMESPACE &&
    other.pidNamespace === INITIAL_PID_NAMESPACE
  );
}
