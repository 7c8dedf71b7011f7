import type { Standing } from '../contender.js';
import type { Action } from '../schedule.js';

/** A contender that may be able to move. */
export interface Cast {
  readonly standings: readonly Standing[];
  /** Who moved last; `null` at the beginning. */
  readonly current: number | null;
}

/** The current position in a schedule. */
export interface Situation extends Cast {
  /** How many actions there were so far; each call is one. */
  readonly made: number;
}

/** What happens next. */
export interface Decision {
  readonly action: Action;
  /** How many consecutive calls, if the action is to go. They end early if the contender would wait, or has ended. */
  readonly calls: number;
}

/** As many calls as it can make. */
export const ON_AND_ON = 1_000_000;

/** Decides what happens next. Called only while someone can move. */
export interface Strategy {
  next(situation: Situation): Decision;
}

export function canMove(standing: Standing | undefined): boolean {
  return standing === 'call' || standing === 'yield';
}

/**
 * Who moves if nobody interferes: the same contender, until it waits for something or has ended; then the next
 * one. A paused contender moves only when nobody else can.
 */
export function whoMovesOn({ standings, current }: Cast, resting: ReadonlySet<number> = new Set()): number {
  const last = current ?? standings.length - 1;
  if (current !== null && standings[current] === 'call' && !resting.has(current)) return current;
  const others = standings.map((_, index) => (last + 1 + index) % standings.length);
  const able = others.filter((who) => canMove(standings[who]));
  const mover = able.find((who) => !resting.has(who)) ?? able[0];
  if (mover === undefined) throw new Error('Nobody can move any more.');
  return mover;
}
