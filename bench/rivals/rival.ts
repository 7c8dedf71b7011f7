import type { Awaitable } from 'livinglock';

/** Gives the lock up again. */
export type Release = () => Awaitable<void>;

/** One way to lock, used as its own manual says. Answers in place where the package does. */
export interface Rival {
  /** The same for all variants of a rival that respect each other's locks: what a holder process is told to use. */
  readonly family: string;
  readonly name: string;
  /** What must be there before the first `acquire`. */
  prepare?(path: string): void;
  /** One try; `null` where somebody else has the lock. */
  acquire(path: string): Awaitable<Release | null>;
}
