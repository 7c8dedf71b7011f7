import type { Standing } from '../contender.js';
import type { Action } from '../schedule.js';

/** Who could move. */
export interface Cast {
  readonly standings: readonly Standing[];
  /** Who has moved last; `null` at the beginning. */
  readonly current: number | null;
}

/** Where a schedule stands. */
export interface Situation extends Cast {
  /** How many actions there were so far; each call is one. */
  readonly made: number;
}

/** What happens next. */
export interface Decision {
  readonly action: Action;
  /** How many calls in a row, if the action is to go. They are cut short where the contender would wait, or has ended. */
  readonly calls: number;
}

/** As many calls as it likes. */
export const ON_AND_ON = 1_000_000;

/** Decides what happens next. Asked only while someone can move. */
export interface Strategy {
  next(situation: Situation): Decision;
}

export function canMove(standing: Standing | undefined): boolean {
  return standing === 'call' || standing === 'yield';
}

/**
 * Who moves if nobody interferes: the same as before, until it waits for something or has come to its end; then the next
 * one. Who rests moves only when nobody else can.
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
