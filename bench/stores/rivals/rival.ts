/** How long others wait for a holder that says nothing, in milliseconds: what livinglock waits by default. */
export const DURATION = 3_600_000;

/** One way to keep locks in a database, used as its own manual says. */
export interface Rival {
  readonly name: string;
  /** One try; `null` where somebody else has the lock. */
  acquire(lock: string): Promise<Held | null>;
}

/** A lock that is held. */
export interface Held {
  /** Says that the holder is still at work. Absent where nobody asks for that. */
  beat?(): Promise<unknown>;
  release(): Promise<unknown>;
}
