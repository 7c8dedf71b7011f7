/** A summary of many measurements of one thing. */
export interface Summary {
  readonly median: number;
  /** A quarter of the measurements is below the first quartile, a quarter above the third. */
  readonly lower: number;
  readonly upper: number;
}

/** `null` without measurements. */
export function summarize(samples: readonly number[]): Summary | null {
  if (samples.length === 0) return null;
  const sorted = samples.toSorted((one, other) => one - other);
  return { median: quantile(sorted, 0.5), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
}

/** Interpolates between two samples; `NaN` without samples. The samples must be in ascending order. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Two or three significant digits. */
export function formatNumber(value: number): string {
  if (value < 1) return value.toPrecision(2);
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
