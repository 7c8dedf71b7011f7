/**
 * One acquisition of the lock, from beginning to end, as its holder has told it. Times are milliseconds of the monotonic
 * clock, `Infinity` for what has not happened.
 */
export interface Stay {
  readonly pid: number;
  readonly fencingToken: number;
  /** When the claim was made, and the last heartbeat that was written, as the lock's record has it. */
  readonly claimedAt: number;
  readonly lastBeatAt: number;
  /** When `acquire` had resolved. */
  readonly acquiredAt: number;
  /** Whether the kernel said that somebody else was inside. */
  readonly metSomebody: boolean;
  /** Until when it was certainly inside: until it left, or was sent SIGKILL. */
  readonly insideUntil: number;
  /** From when on it was certainly outside: it has left, or its process has ended. */
  readonly goneBy: number;
  readonly end: 'released' | 'lost' | 'killed' | 'unknown';
  readonly endedAt: number;
}
