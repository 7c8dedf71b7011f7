import type { Lock } from 'livinglock';

/** What the examples in this folder schedule. Tests bring their own. */
export interface Job {
  /** The path of the lock. */
  readonly lock: string;
  /** The signal asks it to stop early. */
  readonly writeReport: (lock: Lock, signal?: AbortSignal) => Promise<void>;
  /** Hears why a run was skipped. */
  readonly skipped: (reason: string) => void;
}
