/** What the command exits with when it is not the wrapped command's own status. The README explains each. */
export const ExitCode = {
  ok: 0,
  /** `status`: nobody holds one of the locks. `verify`: two might hold a lock there. `schedule`: you have said no. */
  no: 1,
  /** `status`: a holder is dead, or has stopped heartbeating. */
  stale: 3,
  /** EX_USAGE of sysexits(3): wrong options or arguments. */
  usage: 64,
  /** EX_NOINPUT: there is no such folder, or nothing can be written there. */
  noInput: 66,
  /** EX_SOFTWARE: a bug of this program. */
  internal: 70,
  /** EX_CANTCREAT: the lock could not be read or written, or the file is not a lock. `schedule`: the schedule could not. */
  store: 73,
  /** EX_IOERR: what was asked for could not be written to the standard output. `run`: nor what the command wrote. */
  output: 74,
  /** EX_TEMPFAIL: someone else holds the lock; try again later. */
  busy: 75,
  /** EX_PROTOCOL: the lock was lost on the way, so what ran was not exclusive. */
  lost: 76,
  /** As coreutils' timeout(1): the command took too long, or has stalled. */
  timeout: 124,
  /** As a shell: the command was found, but cannot be executed. */
  notExecutable: 126,
  /** As a shell: there is no such command. */
  notFound: 127,
  /** As a shell: so much more than the number of the signal that ended the command. */
  signal: 128,
} as const;
