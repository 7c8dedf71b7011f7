import type { Action } from '../schedule.js';
import { canMove, type Decision, ON_AND_ON, type Situation, type Strategy, whoMovesOn } from './strategy.js';

/** Follows a list of actions, skipping those that are not possible. Then everybody runs to the end. */
export class Fixed implements Strategy {
  readonly #actions: readonly Action[];
  #at = 0;
  #madeBefore = 0;

  constructor(actions: readonly Action[]) {
    this.#actions = actions;
  }

  next(situation: Situation): Decision {
    this.#at += situation.made - this.#madeBefore;
    this.#madeBefore = situation.made;
    for (; ; this.#at++) {
      const action = this.#actions[this.#at];
      if (action === undefined) return { action: { do: 'go', who: whoMovesOn(situation) }, calls: ON_AND_ON };
      if (action.do === 'jump' || canMove(situation.standings[action.who])) {
        return { action, calls: this.#repetitions(action) };
      }
    }
  }

  /** How often the list repeats the action from here on. */
  #repetitions(action: Action): number {
    let calls = 1;
    for (
      let next = this.#actions[this.#at + calls];
      isSame(next, action);
      next = this.#actions[this.#at + calls]
    ) {
      calls++;
    }
    return calls;
  }
}

function isSame(one: Action | undefined, other: Action): boolean {
  return one?.do === 'go' && other.do === 'go' && one.who === other.who;
}
