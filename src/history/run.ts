import type { Predecessor } from '../core/acquire/predecessor.js';
import type { Progress } from '../core/record/record.js';

/** The ways in which a run can end, in the order in which the documentation explains them. */
export const OUTCOMES = [
  'succeeded',
  'failed',
  'ended-by-signal',
  'stalled',
  'timed-out',
  'lost',
  'not-started',
  'killed',
] as const;

/**
 * How a run ended.
 *
 * - `succeeded`, `failed`: by itself, with exit status 0 or another one.
 * - `ended-by-signal`: a signal ended the command.
 * - `stalled`: it gave no proof of work for its stale timeout, and was ended, or taken over from.
 * - `timed-out`: it reached its time limit, and was ended.
 * - `lost`: another run took its lock over, somebody broke it, or the database was away for longer than the stale timeout: the run may not have
 *   been exclusive.
 * - `not-started`: there was no such command, it could not be executed, the lock could not be read or written or was lost before, or a signal came
 *   first.
 * - `killed`: it could not record how it ended, for example after SIGKILL or a power cut. The next run found it dead.
 */
export type RunOutcome = (typeof OUTCOMES)[number];

/** The run from which a lock was taken over, because it did not get to release the lock. */
export interface TakenOver {
  /** The `id` of that run; `null` if a crash left only part of a lock file. */
  readonly id: string | null;
  /** The PID of its holder; `null` if it is not known. */
  readonly pid: number | null;
  /** The name of its machine; `null` if it is not known. */
  readonly host: string | null;
  /** `dead`: its process no longer existed. `stalled`: it had stopped sending heartbeats. */
  readonly state: 'dead' | 'stalled';
  /** How that was found out, in words. */
  readonly reason: string;
}

/** One run of a job, as the history knows it. Anything that it does not know is `null`. */
export interface Run {
  /** Unique to the run: the token of its lock. Its attempts share it. `null` for a run that never had the lock. */
  readonly id: string | null;
  /** The lock's canonical name: for a file, its absolute path, with symbolic links to its folder resolved. */
  readonly lock: string;
  /** The database that keeps the lock, for people; `null` for a file. */
  readonly store: string | null;
  /** How it ended. */
  readonly outcome: RunOutcome;
  /** When it acquired its lock, or began if it never did; for a later attempt under the same lock, when that began. */
  readonly startedAt: Date;
  /** When it ended; for a run that was killed, its last heartbeat. */
  readonly endedAt: Date;
  /** Milliseconds from the start to the end. */
  readonly duration: number;
  /** The exit status of `livinglock run`, or of a job that writes its own records. */
  readonly exitCode: number | null;
  /** The signal that ended the command. */
  readonly signal: string | null;
  /** More about the outcome, in words: why the command could not be started, or how it is known that the run is dead. */
  readonly reason: string | null;
  /** What ran, or its label. */
  readonly command: string | null;
  /** The working folder. */
  readonly cwd: string | null;
  /** The name of the machine. */
  readonly host: string | null;
  /** The user it ran as. */
  readonly user: string | null;
  /** The stable name of the machine, from the option `owner`. */
  readonly owner: string | null;
  /** The PID of the holder. */
  readonly pid: number | null;
  /** Greater than that of every earlier run that had the lock. */
  readonly fencingToken: number | null;
  /** What the last heartbeat reported. */
  readonly progress: Progress | null;
  /** `null` if the lock was free. */
  readonly takenOverFrom: TakenOver | null;
  /** Which attempt under the same lock this is, from 1. `null` if a failure would not have been retried. */
  readonly attempt: number | null;
  /** The file with the output of the run. */
  readonly output: string | null;
  /** Whether the next run wrote this when it took the lock over, instead of the run itself. */
  readonly isReported: boolean;
}

type Optional<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/**
 * What {@link History.record} takes. The end defaults to now; user, host, folder and PID to those of this process; everything else to `null`.
 */
export interface RunReport extends Optional<Omit<Run, 'takenOverFrom'>> {
  /** The lock's name; for a lock in a file, its path. */
  readonly lock: string;
  /** How it ended. */
  readonly outcome: RunOutcome;
  /** When it started, usually `lock.acquiredAt`. */
  readonly startedAt: Date;
  /** From whom the run took its lock over: `lock.predecessor`. */
  readonly predecessor?: Predecessor | null | undefined;
}

/** Attempts to run that found the lock busy. They are counted, not listed. */
export interface Skips {
  /** How many. */
  readonly count: number;
  /** When the first one was skipped. */
  readonly first: Date;
  /** When the last one was skipped. */
  readonly last: Date;
}

/** A run, and how many attempts were skipped from the end of the previous run to its own end. */
export interface PastRun extends Run {
  /** How many attempts were skipped. */
  readonly skips: number;
}

/** What is known about the runs of one lock. */
export interface LockHistory {
  /** The lock's canonical name: for a file, its absolute path, with symbolic links to its folder resolved. */
  readonly lock: string;
  /** The database that keeps the lock, for people; `null` for a file. */
  readonly store: string | null;
  /** In the order in which they ended, the newest last. */
  readonly runs: readonly PastRun[];
  /** What was skipped after the last run, usually because another one is at work. `null`: nothing. */
  readonly skips: Skips | null;
  /** Milliseconds that a run usually takes: the median of the last 20 that succeeded. `null` before the first. */
  readonly usualDuration: number | null;
  /** How many lines could not be read, in the part of the file that was read. */
  readonly unreadable: number;
}
