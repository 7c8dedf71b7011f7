/** The measurements of one subject. */
export interface Series {
  readonly name: string;
  /** Nanoseconds, one for each round. */
  readonly samples: readonly number[];
  /** Why there are no samples. */
  readonly remark?: string;
}

/** One operation of locks, and the time each subject took for it. */
export interface Measurement {
  readonly title: string;
  readonly series: readonly Series[];
  /** The name of the series that the others are compared with. */
  readonly baseline: string;
  /** Whether sample n of each series is from the same round n. */
  readonly byTurns: boolean;
  /** The share of the processors' time that other processes took meanwhile, from 0 to 1, if it was measured. */
  readonly others?: number;
}
