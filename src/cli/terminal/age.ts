/** In milliseconds, longest first. */
const UNITS = [
  { letter: 'd', word: 'day', length: 86_400_000 },
  { letter: 'h', word: 'hour', length: 3_600_000 },
  { letter: 'm', word: 'minute', length: 60_000 },
  { letter: 's', word: 'second', length: 1000 },
];

/**
 * A duration in two adjacent units: `4s`, `3m 20s`, `2h 14m`, `12d 3h`. pretty-ms cannot do that: its second unit may be
 * any, as in `2h 59s`.
 */
export function formatAge(milliseconds: number): string {
  // The clock may have been set back.
  const time = Math.max(0, milliseconds);
  const index = UNITS.findIndex(({ length }) => time >= length);
  const [large, small] = index === -1 ? [] : UNITS.slice(index, index + 2);
  if (large === undefined) return '0s';
  const rest = small === undefined ? 0 : Math.floor((time % large.length) / small.length);
  const first = `${Math.floor(time / large.length)}${large.letter}`;
  return small === undefined || rest === 0 ? first : `${first} ${rest}${small.letter}`;
}

/** How long a run took: as an age, but `850ms` below a second. */
export function formatTook(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)}ms` : formatAge(milliseconds);
}

/** A duration as people say it, rounded down, in the largest unit of which there are two: `31 hours`, `3 days`, `90 seconds`. */
export function inWords(milliseconds: number): string {
  const time = Math.max(0, milliseconds);
  const { word, length } = UNITS.find((unit) => time >= 2 * unit.length) ?? { word: 'second', length: 1000 };
  const count = Math.floor(time / length);
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
