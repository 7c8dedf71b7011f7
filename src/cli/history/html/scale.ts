// A linear scale from a domain to the width of a plot.

/** How many units of SVG a plot is wide, whatever its size on the screen. */
export const WIDTH = 1000;

/** A time range, in milliseconds since 1970. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Where a time is on a plot, from 0 to {@link WIDTH} within the period. */
export function positionOf(time: number, { from, to }: Period): number {
  return to === from ? WIDTH / 2 : ((time - from) / (to - from)) * WIDTH;
}

/** A position as a length of SVG: `12.3%`. */
export function percent(position: number): string {
  return `${round(position / (WIDTH / 100))}%`;
}

/** To a tenth: finer than what a screen shows, and shorter to write. */
export function round(number: number): number {
  return Math.round(number * 10) / 10;
}
