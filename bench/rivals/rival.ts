import type { Awaitable } from 'livinglock';

/** Releases the lock. */
export type Release = () => Awaitable<void>;

/** One way to lock, used as its own manual says. Synchronous where the package is. */
export interface Rival {
  /** The same for all variants of a rival that respect each other's locks: tells a holder process which one to use. */
  readonly family: string;
  readonly name: string;
  /** What must exist before the first `acquire`. */
  prepare?(path: string): void;
  /** One try; `null` if another holder has the lock. */
  acquire(path: string): Awaitable<Release | null>;
}
