/** What was measured of one subject. */
export interface Series {
  readonly name: string;
  /** Nanoseconds, one for each round. */
  readonly samples: readonly number[];
  /** Why there are no samples. */
  readonly remark?: string;
}

/** One thing that locks do, and what it took each of them. */
export interface Measurement {
  readonly title: string;
  readonly series: readonly Series[];
  /** The name of the series that the others are compared with. */
  readonly baseline: string;
  /** Whether sample n of each series is from the same round n. */
  readonly byTurns: boolean;
  /** Which share of the processors' time other processes took meanwhile, from 0 to 1, where that was looked at. */
  readonly others?: number;
}
