import type { PastRun, RunOutcome } from '../../../history/index.js';
import { OUTCOMES } from '../../../history/run.js';
import { type Period, positionOf, round, WIDTH } from './scale.js';

// What a lane of the timeline draws. A thousand runs may share a few hundred pixels, so what cannot be told apart is drawn once.

/** A stretch of a lane, in units of the plot. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** Whether it stands for several runs that cannot be told apart. */
  readonly isMerged: boolean;
}

/** A single outcome that is not a success, or several of them that would cover each other. */
interface Mark {
  readonly at: number;
  readonly outcome: RunOutcome;
  /** Whether there is room for it only in a wide lane. */
  readonly isMore: boolean;
}

/** So that a run of a second is visible in a lane of months. */
const LEAST = 1.5;
const LEAST_GAP = 0.5;
/** Units between two glyphs that can be told apart, on a desk and on a phone. */
const APART = 10;
const APART_IF_NARROW = 30;

/** Runs outside of the period are left out. The others must be in the order of their starts. */
export function segmentsOf(runs: readonly PastRun[], period: Period): Segment[] {
  const segments: Segment[] = [];
  for (const { startedAt, endedAt } of runs) {
    if (endedAt.getTime() < period.from || startedAt.getTime() > period.to) continue;
    const from = Math.max(0, Math.min(WIDTH - LEAST, positionOf(startedAt.getTime(), period)));
    const to = Math.min(WIDTH, Math.max(from + LEAST, positionOf(endedAt.getTime(), period)));
    const last = segments.at(-1);
    if (last === undefined || from - last.to >= LEAST_GAP) segments.push({ from, to, isMerged: false });
    else segments[segments.length - 1] = { from: last.from, to: Math.max(last.to, to), isMerged: true };
  }
  return segments;
}

/** Where runs ended that did not succeed. Of those too close together, the one is kept whose outcome comes later in the list of outcomes. */
export function marksOf(runs: readonly PastRun[], period: Period): Mark[] {
  const all = runs
    .filter(({ outcome }) => outcome !== 'succeeded')
    .map(({ endedAt, outcome }) => ({ at: positionOf(endedAt.getTime(), period), outcome }))
    .filter(({ at }) => at >= 0 && at <= WIDTH)
    .toSorted((one, other) => OUTCOMES.indexOf(other.outcome) - OUTCOMES.indexOf(one.outcome));
  const marks: Mark[] = [];
  for (const [apart, isMore] of [
    [APART_IF_NARROW, false],
    [APART, true],
  ] as const) {
    for (const each of all) {
      if (marks.every(({ at }) => Math.abs(at - each.at) >= apart)) marks.push({ ...each, isMore });
    }
  }
  return marks;
}

/** Lines along the middle of the lane, as the data of a path. */
export function pathOf(segments: readonly Segment[], y: number): string {
  return segments.map(({ from, to }) => `M${round(from)} ${y}h${round(to - from)}`).join('');
}

/** Positions without those that are too close to the one before. */
export function thinned(positions: readonly number[], distance: number): number[] {
  const kept: number[] = [];
  for (const each of positions.toSorted((one, other) => one - other)) {
    const last = kept.at(-1);
    if (last === undefined || each - last >= distance) kept.push(each);
  }
  return kept;
}
