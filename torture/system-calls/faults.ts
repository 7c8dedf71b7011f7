import type { Random } from '../random.js';

/** One fault to inject. */
export interface Fault {
  readonly call: string;
  /** An error's name, with a `+` if the call fails from then on; `SIGKILL`; or `delay`. */
  readonly error: string;
  /** At which of the calls, counted from the start of the process. */
  readonly when: number;
}

/** A system call that the intact program makes, and may be made to fail at. */
export type Occurrence = Pick<Fault, 'call' | 'when'>;

const KILL = 'SIGKILL';
const DELAY = 'delay';
/** Microseconds. Longer than the stale timeout, and shorter than that and the work of whoever takes over. */
const DELAY_TIME = 1_500_000;

const CHANGE = ['EIO', 'ENOSPC', 'EACCES', 'ENOMEM', 'EINTR', 'EIO+', 'ENOSPC+', 'EACCES+'];
const LOOK = ['EIO', 'EACCES', 'ENOMEM', 'EINTR'];
const OPEN = ['EIO', 'ENOSPC', 'EACCES', 'EMFILE', 'ENOMEM', 'EINTR', 'EMFILE+'];
const DESCRIPTOR = ['EMFILE', 'ENOMEM', 'EMFILE+'];

/**
 * What the kernel may answer. Other calls, such as close(2), cannot fail, or Node ends the process if they do. Node reads and writes pipes of its own,
 * and hangs if that fails from then on.
 */
export const CALLS: ReadonlyMap<string, readonly string[]> = new Map([
  ['openat', OPEN],
  ['read', ['EIO', 'ENOMEM', 'EINTR']],
  ['pread64', ['EIO']],
  ['getdents64', ['EIO', 'ENOMEM']],
  ['readlink', LOOK],
  ['statx', LOOK],
  ['newfstatat', LOOK],
  ['fstat', ['EIO', 'ENOMEM']],
  ['lstat', LOOK],
  ['stat', LOOK],
  ['access', LOOK],
  ['write', ['EIO', 'ENOSPC', 'EINTR']],
  ['pwrite64', ['EIO', 'ENOSPC', 'ENOSPC+']],
  ['writev', ['EIO', 'ENOSPC', 'ENOSPC+']],
  ['fsync', ['EIO']],
  ['ftruncate', ['EIO']],
  ['rename', CHANGE],
  ['link', CHANGE],
  ['unlink', CHANGE],
  ['mkdir', CHANGE],
  ['rmdir', CHANGE],
  ['chmod', LOOK],
  ['fchmod', LOOK],
  ['socket', [...DESCRIPTOR, 'EACCES']],
  ['bind', ['EACCES', 'ENOMEM', 'EADDRINUSE']],
  ['listen', ['EACCES', 'EADDRINUSE']],
  ['connect', ['EACCES', 'ENOMEM', 'EINTR']],
  ['accept4', DESCRIPTOR],
  ['getsockname', ['ENOMEM']],
  ['socketpair', DESCRIPTOR],
  ['pipe2', DESCRIPTOR],
  ['eventfd2', DESCRIPTOR],
  ['fcntl', ['EMFILE', 'ENOMEM']],
  ['clone', ['EAGAIN', 'ENOMEM']],
  ['clone3', ['EAGAIN', 'ENOMEM']],
  ['vfork', ['EAGAIN', 'ENOMEM']],
  ['execve', ['EACCES', 'ENOMEM', 'EIO', 'E2BIG']],
  ['kill', ['EPERM']],
  ['wait4', []],
]);

/** The calls that change the lock. Where another one is held up, a command may start so late that its lock is taken. */
const DELAYED: ReadonlySet<string> = new Set(['rename', 'link', 'unlink', 'mkdir', 'rmdir']);

export const ERRORS: ReadonlySet<string> = new Set([...[...CALLS.values()].flat(), KILL, DELAY]);

/** The faults that make sense at a call. Where a lock may become stale, only a delay shows more than elsewhere. */
function errorsAt(call: string, isBrief: boolean): readonly string[] {
  const errors = CALLS.get(call) ?? [];
  if (isBrief) return DELAYED.has(call) ? [DELAY] : [];
  // A command that is killed as it starts is no fault of the runner's.
  return call === 'execve' ? errors : [...errors, KILL];
}

/** As strace reads it. */
export function injectionOf({ call, error, when }: Fault): string {
  const isLasting = error.endsWith('+');
  const what =
    error === KILL
      ? `signal=${KILL}`
      : error === DELAY
        ? `delay_enter=${DELAY_TIME}`
        : `error=${isLasting ? error.slice(0, -1) : error}`;
  return `inject=${call}:${what}:when=${when}${isLasting ? '+' : ''}`;
}

/** All faults at these calls. @param isBrief Whether the stale timeout is shorter than a delay. */
export function allFaults(occurrences: readonly Occurrence[], isBrief: boolean): Fault[] {
  return occurrences.flatMap((occurrence) =>
    errorsAt(occurrence.call, isBrief).map((error) => ({ ...occurrence, error })),
  );
}

/** One of them: each call is as likely as any other, however often it is made. */
export function drawFault(faults: readonly Fault[], random: Random): Fault | undefined {
  const calls = [...new Set(faults.map(({ call }) => call))];
  const call = calls[random.below(calls.length)];
  const ofCall = faults.filter((fault) => fault.call === call);
  return ofCall[random.below(ofCall.length)];
}
