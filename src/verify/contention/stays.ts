/** One process's time with the lock, by the machine's monotonic clock: from when it knew that it held it, in milliseconds. */
export interface Stay {
  readonly pid: number;
  readonly from: number;
  /** When it was about to release the lock, or was killed. */
  readonly to: number;
  readonly wasKilled: boolean;
  readonly fencingToken: number;
}

/** Two stays that were at the same time. */
export interface Overlap {
  readonly pids: readonly [number, number];
  /** For how many milliseconds. */
  readonly duration: number;
}

/**
 * Every stay that began before another one had ended. One clock tells all processes of a machine what came first, so this
 * relies neither on a file nor on the order in which messages arrive.
 */
export function overlapsOf(stays: readonly Stay[]): Overlap[] {
  const overlaps: Overlap[] = [];
  let longest: Stay | null = null;
  for (const stay of inOrder(stays)) {
    if (longest !== null && stay.from < longest.to) {
      overlaps.push({
        pids: [longest.pid, stay.pid],
        duration: Math.min(longest.to, stay.to) - stay.from,
      });
    }
    if (longest === null || stay.to > longest.to) longest = stay;
  }
  return overlaps;
}

/** For each holder that was killed and followed by another, the milliseconds in between. */
export function takeoverTimes(stays: readonly Stay[]): number[] {
  const ordered = inOrder(stays);
  return ordered.flatMap((stay, index) => {
    const next = ordered[index + 1];
    return stay.wasKilled && next !== undefined ? [Math.max(0, next.from - stay.to)] : [];
  });
}

/** How often a holder's fencing token was not greater than all before. */
export function tokensOutOfOrder(stays: readonly Stay[]): number {
  let greatest = 0;
  let count = 0;
  for (const { fencingToken } of inOrder(stays)) {
    if (fencingToken <= greatest) count++;
    greatest = Math.max(greatest, fencingToken);
  }
  return count;
}

function inOrder(stays: readonly Stay[]): Stay[] {
  return stays.toSorted((one, other) => one.from - other.from);
}
