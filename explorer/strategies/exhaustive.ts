import type { Action } from '../schedule.js';
import {
  type Cast,
  canMove,
  type Decision,
  ON_AND_ON,
  type Situation,
  type Strategy,
  whoMovesOn,
} from './strategy.js';

/** How far schedules may depart from each contender running to its end, one after the other. */
export interface Bounds {
  /** How often a contender that could go on must let another go first. */
  readonly preemptions: number;
  /** How often a contender is killed, or is paused for longer than the stale timeout until all others have ended. */
  readonly faults: number;
  /** How often the others wait for a paused contender before it resumes. */
  readonly waits: number;
}

interface Option {
  readonly action: Action;
  readonly preemptions: number;
  readonly faults: number;
  /** The contender that the option pauses. */
  readonly rests?: number;
}

/** A point at which a schedule could have continued in several ways. */
interface Fork {
  readonly options: readonly Option[];
  taken: number;
}

/**
 * Plays all schedules within the bounds, depth first, each from the start. The bound on preemptions
 * is that of CHESS (Musuvathi and Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded Programs",
 * PLDI 2007): nearly all races need only a few.
 */
export class Exhaustive implements Strategy {
  readonly #bounds: Bounds;
  readonly #forks: Fork[] = [];
  #depth = 0;
  #left: Pick<Bounds, 'preemptions' | 'faults'>;
  #resting = new Set<number>();
  #waits = 0;
  /** What could have happened before each of the mover's consecutive calls. */
  #alongTheWay: readonly Option[] = [];

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.#left = bounds;
  }

  next(situation: Situation): Decision {
    this.#catchUp(situation.made);
    this.#wakeTheResting(situation);
    const fork = this.#forkAt(this.#depth, this.#affordable(situation));
    const { action, preemptions, faults, rests } = takenAt(fork);
    this.#left = { preemptions: this.#left.preemptions - preemptions, faults: this.#left.faults - faults };
    if (rests !== undefined) this.#resting.add(rests);
    const calls = action.do === 'go' ? this.#callsBeforeTurning(action.who) : 1;
    this.#depth++;
    if (action.do === 'go') this.#alongTheWay = this.#affordable(goingOn(situation, action.who));
    return { action, calls };
  }

  /** Moves on to the next schedule, after one of this many actions; `false` if that was the last one. */
  advance(made: number): boolean {
    this.#catchUp(made);
    this.#depth = 0;
    this.#left = this.#bounds;
    this.#resting = new Set();
    this.#waits = 0;
    for (let fork = this.#forks.at(-1); fork !== undefined; fork = this.#forks.at(-1)) {
      fork.taken++;
      if (fork.taken < fork.options.length) return true;
      this.#forks.pop();
    }
    return false;
  }

  /** Each consecutive call of the last mover was a fork too. */
  #catchUp(made: number): void {
    while (this.#depth < made) this.#forkAt(this.#depth++, this.#alongTheWay);
  }

  #forkAt(depth: number, options: readonly Option[]): Fork {
    const known = this.#forks[depth];
    if (known !== undefined) return known;
    const fork = { options, taken: 0 };
    this.#forks.push(fork);
    return fork;
  }

  /** How often the schedule lets the same contender go on from here. */
  #callsBeforeTurning(who: number): number {
    for (let at = this.#depth + 1; at < this.#forks.length; at++) {
      const fork = this.#forks[at];
      const action = fork === undefined ? undefined : takenAt(fork).action;
      if (action?.do !== 'go' || action.who !== who) return at - this.#depth;
    }
    return ON_AND_ON;
  }

  /** A contender that waits repeatedly for a paused one would do so forever. */
  #wakeTheResting({ standings, current }: Situation): void {
    if (this.#resting.size === 0) return;
    this.#waits = current !== null && standings[current] === 'yield' ? this.#waits + 1 : this.#waits;
    if (this.#waits > this.#bounds.waits) this.#resting = new Set();
  }

  #affordable(situation: Cast): Option[] {
    return this.#optionsIn(situation).filter(
      ({ preemptions, faults }) => preemptions <= this.#left.preemptions && faults <= this.#left.faults,
    );
  }

  #optionsIn({ standings, current }: Cast): Option[] {
    const able = [...standings.keys()].filter((who) => canMove(standings[who]));
    const awake = able.filter((who) => !this.#resting.has(who));
    const mover = whoMovesOn({ standings, current }, this.#resting);
    // At the beginning, and when the last mover waits or has ended, choosing another is not a preemption.
    const isFree = mover !== current;
    const options: Option[] = [{ action: { do: 'go', who: mover }, preemptions: 0, faults: 0 }];
    for (const who of awake) {
      const preemptions = isFree && who !== current ? 0 : 1;
      if (who !== mover) options.push({ action: { do: 'go', who }, preemptions, faults: 0 });
    }
    for (const who of able) options.push({ action: { do: 'kill', who }, preemptions: 0, faults: 1 });
    for (const who of awake.length > 1 ? awake : []) {
      options.push({ action: { do: 'jump' }, preemptions: 0, faults: 1, rests: who });
    }
    return options;
  }
}

/** The situation before the later of several consecutive calls: the mover could go on, or these calls would not exist. */
function goingOn({ standings }: Cast, current: number): Cast {
  return { standings: standings.with(current, 'call'), current };
}

function takenAt({ options, taken }: Fork): Option {
  const option = options[taken];
  if (option === undefined) throw new Error('There is always something that can happen.');
  return option;
}
