import ms from 'ms';

/** For people: `850 ms`, `12 seconds`, `3 hours`. */
export function formatDuration(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? ms(Math.round(milliseconds), { long: true }) : 'forever';
}
