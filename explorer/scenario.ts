import type { State } from './states.js';

/** What is played, apart from the schedule. */
export interface Scenario {
  readonly state: State;
  readonly contenders: number;
  /** What is broken on purpose; empty: nothing. */
  readonly breakage: string;
}
