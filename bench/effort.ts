/** How much to measure. Times are in milliseconds. */
export interface Effort {
  readonly rounds: number;
  /** How long one subject is measured in one round, approximately. */
  readonly turn: number;
  /** How long one subject runs before it is measured, twice. */
  readonly warmUp: number;
  /** How many holders are killed for locks that detect a death. */
  readonly deaths: number;
  /** And for locks that only see their age, where each death takes seconds. */
  readonly longDeaths: number;
}

export const full: Effort = { rounds: 100, turn: 6, warmUp: 120, deaths: 12, longDeaths: 5 };

/** Shows that everything works; the numbers are rough. */
export const quick: Effort = { rounds: 12, turn: 3, warmUp: 25, deaths: 2, longDeaths: 1 };
