/** How long contenders wait for a silent holder, in milliseconds: livinglock's default. */
export const DURATION = 3_600_000;

/** One way to keep locks in a database, used as its own manual says. */
export interface Rival {
  readonly name: string;
  /** One try; `null` if another holder has the lock. */
  acquire(lock: string): Promise<Held | null>;
}

/** A lock that is held. */
export interface Held {
  /** Sends a heartbeat. Absent if the rival has none. */
  beat?(): Promise<unknown>;
  release(): Promise<unknown>;
}
