/** Exit codes of livinglock itself, as opposed to the status of the wrapped command. `exit-code-meanings.ts` says what each means. */
export const ExitCode = {
  ok: 0,
  no: 1,
  // `check` has the statuses of monitoring plugins (https://www.monitoring-plugins.org/doc/guidelines.html): 1 is a warning, 3 is unknown.
  critical: 2,
  stale: 3,
  /** EX_USAGE of sysexits(3), as those up to 76. */
  usage: 64,
  /** EX_NOINPUT */
  noInput: 66,
  /** EX_SOFTWARE */
  internal: 70,
  /** EX_CANTCREAT */
  store: 73,
  /** EX_IOERR */
  output: 74,
  /** EX_TEMPFAIL */
  busy: 75,
  /** EX_PROTOCOL */
  lost: 76,
  // That of timeout(1) in coreutils.
  timeout: 124,
  // Those of a shell.
  notExecutable: 126,
  notFound: 127,
  /** Plus the number of the signal. */
  signal: 128,
} as const;
