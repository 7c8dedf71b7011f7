// What the torture and its processes say to each other. All times are milliseconds of the monotonic clock, which all processes of
// one boot share.

/** What a worker is told when it starts, as JSON in its first argument. */
export interface WorkerSettings {
  readonly lock: string;
  readonly witness: string;
  readonly staleTimeout: number;
  /** How likely a turn is in which it kills or stops itself at one of the library's calls. */
  readonly kill: number;
  readonly stop: number;
  /** The name of its stream of random numbers. */
  readonly seed: string;
  /** What is broken on purpose; empty: nothing. */
  readonly breakage: string;
}

export type StrikeSignal = 'SIGKILL' | 'SIGSTOP';

/** What a worker reports. */
export type Message =
  | {
      readonly what: 'acquired';
      readonly fencingToken: number;
      /** As the record says. */
      readonly claimedAt: number;
      readonly at: number;
    }
  /** Has asked the kernel whether somebody else is inside. */
  | { readonly what: 'entered'; readonly isAlone: boolean }
  | { readonly what: 'beat' /** As the record says. */; readonly beatAt: number }
  /** Is certainly not inside any more, and has not yet asked for the release. */
  | { readonly what: 'left'; readonly at: number }
  /** What the release said: done, or `ErrLockLost`. */
  | { readonly what: 'released' }
  | { readonly what: 'lost'; readonly at: number }
  /** `ErrLockBusy`, so many times since it was last said. */
  | { readonly what: 'busy'; readonly times: number }
  /** `ErrLockStore` with the code `EBUSY`: the guard's owner is stopped. The worker tries again. */
  | { readonly what: 'occupied' }
  /** It is about to signal itself at a call of the library. */
  | { readonly what: 'striking'; readonly by: StrikeSignal; readonly at: number; readonly inGuard: boolean }
  /** It goes on after it has stopped itself. */
  | { readonly what: 'resumed' }
  /** An error that no caller of the library may get. */
  | { readonly what: 'failed'; readonly error: string };

export function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'what' in message;
}
