/** Exit codes of livinglock itself, as opposed to the status of the wrapped command. The README explains each. */
export const ExitCode = {
  ok: 0,
  /** `status`: nobody holds one of the locks. `verify`: two might hold a lock there. `schedule`: you said no. `check`: WARNING. */
  no: 1,
  /** `check`: CRITICAL. As monitoring plugins, it has statuses of its own (https://www.monitoring-plugins.org/doc/guidelines.html). */
  critical: 2,
  /** `status`: a holder is dead, or has stopped heartbeating. `check`: UNKNOWN. */
  stale: 3,
  /** EX_USAGE of sysexits(3): wrong options or arguments. */
  usage: 64,
  /** EX_NOINPUT: there is no such folder, or nothing can be written there. `logs`: no output is kept. */
  noInput: 66,
  /** EX_SOFTWARE: a bug in this program. */
  internal: 70,
  /** EX_CANTCREAT: the lock cannot be read or written, or the file is not a lock. `schedule`: the schedule cannot be. */
  store: 73,
  /** EX_IOERR: the standard output cannot be written. `run`: the command's output could not be passed on. */
  output: 74,
  /** EX_TEMPFAIL: someone else holds the lock; try again later. */
  busy: 75,
  /** EX_PROTOCOL: the lock was lost during the run, so the work was not exclusive. */
  lost: 76,
  /** As timeout(1) of coreutils: the command took too long, or has stalled. */
  timeout: 124,
  /** As a shell: the command exists, but cannot be executed. */
  notExecutable: 126,
  /** As a shell: there is no such command. */
  notFound: 127,
  /** As a shell: 128 plus the number of the signal that ended the command. */
  signal: 128,
} as const;
