/**
 * One acquisition of the lock, from beginning to end, as its holder has told it. Times are milliseconds of the monotonic
 * clock, `Infinity` for what has not happened.
 */
export interface Stay {
  /** A process that uses the library, or a command of `livinglock run` with all that it has started. */
  readonly holder: 'process' | 'command';
  /** Of a command: that of its process group. */
  readonly pid: number;
  readonly fencingToken: number;
  /** When the claim was made, as the lock's record has it. Of a command: the last time that was written before it began to work. */
  readonly claimedAt: number;
  /** The last heartbeat that was written, as the lock's record has it. Of a command `Infinity`: it needs none for as long as it lives. */
  readonly lastBeatAt: number;
  /** When `acquire` had resolved. Of a command the same as `claimedAt`. */
  readonly acquiredAt: number;
  /** Whether the kernel said that somebody else was inside. */
  readonly metSomebody: boolean;
  /** Until when it was certainly inside: until it left, or was sent SIGKILL. Of a command: the last of its processes. */
  readonly insideUntil: number;
  /** From when on it was certainly outside: it has left, or its process has ended. Of a command: all of its processes. */
  readonly goneBy: number;
  /** A command whose runner was killed has nobody who releases the lock, so it counts as killed. */
  readonly end: 'released' | 'lost' | 'killed' | 'unknown';
  /** When a process was killed or learnt of its loss. Of a command: when its runner had ended by itself, or the last of its processes if the runner was killed. */
  readonly endedAt: number;
}
