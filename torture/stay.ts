/**
 * One acquisition of the lock, from beginning to end, as its holder reported it. Times are milliseconds of the monotonic
 * clock, `Infinity` for what has not happened.
 */
export interface Stay {
  /** A process that uses the library, or a command of `livinglock run` with everything it started. */
  readonly holder: 'process' | 'command';
  /** For a command: that of its process group. */
  readonly pid: number;
  /** The number of its PID namespace. 0: that of the torture, as for all commands. */
  readonly namespace: number;
  readonly fencingToken: number;
  /** When the claim was made, from the lock's record. For a command: the last time that was written before it began to work. */
  readonly claimedAt: number;
  /** The last heartbeat that was written, from the lock's record. For a command `Infinity`: it needs none for as long as it lives. */
  readonly lastBeatAt: number;
  /** When `acquire` had resolved. For a command the same as `claimedAt`. */
  readonly acquiredAt: number;
  /** Whether the kernel said that somebody else was inside. */
  readonly metSomebody: boolean;
  /** Until when it was certainly inside: until it left, or was sent SIGKILL. For a command: the last of its processes. */
  readonly insideUntil: number;
  /** From when on it was certainly outside: it has left, or its process has ended. For a command: all of its processes. */
  readonly goneBy: number;
  /** Nobody releases the lock of a command whose runner was killed, so it counts as killed. */
  readonly end: 'released' | 'lost' | 'killed' | 'unknown';
  /** When a process was killed or learnt of its loss. For a command: when its runner had ended by itself, or the last of its processes if the runner was killed. */
  readonly endedAt: number;
}
