import type { State } from './states.js';

/** Everything that decides a play, apart from the schedule. */
export interface Scenario {
  readonly state: State;
  readonly contenders: number;
  /** What is broken on purpose; empty: nothing. */
  readonly breakage: string;
}
