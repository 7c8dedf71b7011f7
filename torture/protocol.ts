// Messages between the torture and its processes. All times are milliseconds of the monotonic clock, which all processes of
// one boot share.

/** The settings of a worker, as JSON in its first argument. */
export interface WorkerSettings {
  readonly lock: string;
  readonly witness: string;
  readonly staleTimeout: number;
  /** The probability of a turn in which it kills or stops itself at one of the library's calls. */
  readonly kill: number;
  readonly stop: number;
  /** The name of its stream of random numbers. */
  readonly seed: string;
  /** What is broken on purpose; empty: nothing. */
  readonly breakage: string;
  /** The maximum rest after a turn, in milliseconds. */
  readonly longestRest: number;
}

export type StrikeSignal = 'SIGKILL' | 'SIGSTOP';

/** What a worker reports. */
export type Message =
  | {
      readonly what: 'acquired';
      readonly fencingToken: number;
      /** From the record. */
      readonly claimedAt: number;
      readonly at: number;
    }
  /** It has asked the kernel whether somebody else is inside. */
  | { readonly what: 'entered'; readonly isAlone: boolean }
  | { readonly what: 'beat' /** As the record says. */; readonly beatAt: number }
  /** It is certainly no longer inside, and has not yet asked for the release. */
  | { readonly what: 'left'; readonly at: number }
  /** The result of the release: done, or `ErrLockLost`. */
  | { readonly what: 'released' }
  | { readonly what: 'lost'; readonly at: number }
  /** `ErrLockBusy`, this many times since the last report. */
  | { readonly what: 'busy'; readonly times: number }
  /** `ErrLockStore` with the code `EBUSY`: the guard's owner is stopped. The worker tries again. */
  | { readonly what: 'occupied' }
  /** It is about to signal itself at a call of the library. */
  | { readonly what: 'striking'; readonly by: StrikeSignal; readonly at: number; readonly inGuard: boolean }
  /** It continues after it has stopped itself. */
  | { readonly what: 'resumed' }
  /** An error that no caller of the library may get. */
  | { readonly what: 'failed'; readonly error: string };

export function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'what' in message;
}

/** The settings of a command of `livinglock run`, as JSON in its first argument; the second one is the role. */
export interface CommandSettings {
  /** The descriptor that all processes of one command share, for the kernel's lock on the witness. */
  readonly witness: number;
  /** How long each of the two works, in milliseconds. */
  readonly work: Readonly<Record<Role, number>>;
  /** Whether the child ignores the signals that the runner passes on. */
  readonly childIgnoresSignals: boolean;
}

/** The leader of the process group, or the child that it started in the background. */
export type Role = 'leader' | 'child';

/** What the processes of a command report, as one line of JSON each. */
export type CommandMessage =
  /** From the shell that becomes the leader, as soon as there is a child. */
  | { readonly what: 'started'; readonly leader: number; readonly child: number }
  | ({
      readonly what: 'working';
      readonly pid: number;
      readonly fencingToken: number;
      readonly at: number;
      /** It has asked the kernel whether another command or process is inside. */
      readonly isAlone: boolean;
    } & Recorded)
  | { readonly what: 'alive' | 'done'; readonly pid: number; readonly at: number };

/** What the lock's record contains when a command begins to work. */
export interface Recorded {
  /** When it was written last; `null` if it names another holder, or is missing. */
  readonly recordedAt: number | null;
  /** Whether it names the command's process group yet. */
  readonly isGroupNamed: boolean;
}
