import type { Awaitable } from 'livinglock';

/** Releases the lock. */
export type Release = () => Awaitable<void>;

/** One way to lock, used as its own manual says. Synchronous where the package is. */
export interface Rival {
  /** Which lock it is, and so which one a holder process uses. Variants that respect each other's locks share it. */
  readonly kind: string;
  readonly name: string;
  /** What must exist before the first `acquire`. */
  prepare?(path: string): void;
  /** One try; `null` if another holder has the lock. */
  acquire(path: string): Awaitable<Release | null>;
}
