import type { Stay } from './stay.js';

/** Two that held the lock at the same time, in the order of their fencing tokens. */
export interface Overlap {
  readonly older: Stay;
  readonly newer: Stay;
  /** Why this is a fault; `null` if the newer one took the lock over legitimately, and the older one learnt it. */
  readonly fault: string | null;
}

/**
 * All overlaps, from what the holders reported and from what the kernel told them.
 *
 * An overlap is legitimate if the older holder had not sent a heartbeat for longer than its `staleTimeout`, and was told so by the
 * first heartbeat or release it tried afterwards, unless it was killed before. A command is never taken over while any process of it lives.
 *
 * @param stays In the order in which they were reported, which is not always that of the acquisitions.
 */
export function findOverlaps(stays: readonly Stay[], staleTimeout: number): Overlap[] {
  const overlaps: Overlap[] = [];
  let earlier: Stay[] = [];
  for (const stay of stays.toSorted((one, other) => one.acquiredAt - other.acquiredAt)) {
    earlier = earlier.filter((other) => other.goneBy > stay.acquiredAt);
    const inside = earlier.filter((other) => other.insideUntil > stay.acquiredAt);
    // A process that was sent SIGKILL may live on for a moment. Then the kernel's word decides, if it can mean nobody else.
    const met = inside.length === 0 && stay.metSomebody ? possibleCompany(earlier) : inside;
    for (const other of met) overlaps.push(judge(other, stay, staleTimeout));
    earlier.push(stay);
  }
  return overlaps;
}

/** A command that had apparently ended is meant only if it can have been nobody else. */
function possibleCompany(earlier: readonly Stay[]): readonly Stay[] {
  const processes = earlier.filter(({ holder }) => holder === 'process');
  return processes.length > 0 ? processes : earlier;
}

/** All other faults, in words. */
export function findFaults(
  stays: readonly Stay[],
  overlaps: readonly Overlap[],
  staleTimeout: number,
): string[] {
  return [
    ...stays.filter((stay) => isUnfoundedLoss(stay, staleTimeout)).map(describeLoss),
    ...unorderedTokens(stays),
    ...unknownCompany(stays, overlaps),
    ...stays.filter(hasOutlivedRunner).map(describeAbandonment),
  ];
}

function judge(one: Stay, other: Stay, staleTimeout: number): Overlap {
  const [older, newer] = one.fencingToken < other.fencingToken ? [one, other] : [other, one];
  return { older, newer, fault: faultOf(older, newer, staleTimeout) };
}

function faultOf(older: Stay, newer: Stay, staleTimeout: number): string | null {
  const silence = newer.claimedAt - older.lastBeatAt;
  const both = `PID ${newer.pid} (token ${newer.fencingToken}) and PID ${older.pid} (token ${older.fencingToken})`;
  if (older.holder === 'command')
    return `${both} held the lock: something of the older one, a command, was alive for at least ${format(older.insideUntil - newer.claimedAt)} after the takeover`;
  if (silence < 0)
    return `${both} held the lock: the older one could beat ${format(-silence)} after the takeover`;
  if (!(silence > staleTimeout))
    return `${both} held the lock: taken over ${format(silence)} after a heartbeat`;
  if (older.end === 'released') return `${both} held the lock: the older one could release it`;
  return null;
}

/** A holder that sent its heartbeats in time never loses the lock. */
function isUnfoundedLoss({ end, endedAt, lastBeatAt }: Stay, staleTimeout: number): boolean {
  return end === 'lost' && !(endedAt - lastBeatAt > staleTimeout);
}

function describeLoss({ pid, fencingToken, endedAt, lastBeatAt }: Stay): string {
  return `PID ${pid} (token ${fencingToken}) lost the lock ${format(endedAt - lastBeatAt)} after a heartbeat`;
}

function unorderedTokens(stays: readonly Stay[]): string[] {
  const byClaim = stays.toSorted((one, other) => one.claimedAt - other.claimedAt);
  return byClaim.flatMap((stay, index) => {
    const before = byClaim[index - 1];
    if (before === undefined || stay.fencingToken > before.fencingToken) return [];
    return [
      `PID ${stay.pid} got the token ${stay.fencingToken} after PID ${before.pid} got ${before.fencingToken}`,
    ];
  });
}

/** Every process that the kernel found inside must have reported that it acquired the lock. */
function unknownCompany(stays: readonly Stay[], overlaps: readonly Overlap[]): string[] {
  const known = new Set(overlaps.flatMap(({ older, newer }) => [older, newer]));
  return stays
    .filter((stay) => stay.metSomebody && !known.has(stay))
    .map(({ pid, fencingToken }) => `PID ${pid} (token ${fencingToken}) met somebody who is not known`);
}

/** A runner may end by itself only after everything that the command has started. */
function hasOutlivedRunner({ holder, end, insideUntil, endedAt }: Stay): boolean {
  return holder === 'command' && end === 'released' && insideUntil > endedAt;
}

function describeAbandonment({ pid, fencingToken, insideUntil, endedAt }: Stay): string {
  return `the command of PID ${pid} (token ${fencingToken}) was alive ${format(insideUntil - endedAt)} after its runner had ended by itself`;
}

function format(milliseconds: number): string {
  return `${milliseconds.toFixed(3)} ms`;
}
