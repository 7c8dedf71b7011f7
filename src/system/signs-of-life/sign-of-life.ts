import type { Liveness } from '../processes/process-table.js';

/**
 * Signs of life: files that show every process on a machine whether the process that keeps one is alive, because the kernel itself ends the sign when
 * that process is gone, however it ended. A PID shows that only within one PID namespace.
 */
export interface Life {
  /**
   * When a holder must begin to keep its sign.
   *
   * - `entering`: before it enters a lock's guard. Its PID proves nothing to others.
   * - `claiming`: before it claims the lock.
   * - `holding`: soon after it has claimed the lock. To most others its PID proves enough.
   */
  readonly when: 'entering' | 'claiming' | 'holding';

  /** Whether a sign can be linked and moved while it is kept. */
  readonly isMovable: boolean;

  /** Whether the end of a sign proves a death only on a file system that is certain to give each file one inode. */
  readonly needsLocalFiles: boolean;

  /** Starts to keep a sign at a path where nothing exists. It is in effect when this returns. `null` if that is not possible there. Never throws. */
  keep(path: string): Sign | null;

  /**
   * Whether the process that keeps the sign at a path, or another one that inherited it, is alive. `unknown` if nothing is there.
   *
   * @param expected Which file it must be; any other proves nothing.
   */
  ask(path: string, expected?: SignFile): Promise<Liveness>;
}

/** The file of a sign: what stat(2) says about it. Anything left out may have any value. */
export interface SignFile {
  /** The ID of the user who owns the file. */
  readonly uid?: number | undefined;
  readonly dev?: number | undefined;
  readonly ino?: number | undefined;
}

/** Whether it is the expected file. */
export function isExpected(found: SignFile, { uid, dev, ino }: SignFile = {}): boolean {
  return [
    uid === undefined || found.uid === uid,
    dev === undefined || found.dev === dev,
    ino === undefined || found.ino === ino,
  ].every(Boolean);
}

/** A sign that this process keeps. */
export interface Sign {
  /** For a child to inherit. `null` if it cannot be passed on. */
  readonly descriptor: number | null;
  /** Whether another process keeps it too, so that it proves nothing about this one alone. Default: `false`. */
  readonly isShared?: boolean | undefined;
  /** Stops keeping it. The file may stay. Never throws. */
  close(): void;
}
