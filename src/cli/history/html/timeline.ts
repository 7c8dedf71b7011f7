import type { PastRun, RunOutcome } from '../../../history/index.js';
import { marksOf, pathOf, type Segment, segmentsOf, thinned } from './lane.js';
import type { Facts } from './lock-facts.js';
import { glyph } from './outcomes.js';
import { plot, stretched, tickLines, timeAxis, unstretched, verticalLines } from './plot.js';
import { type Period, percent, positionOf, WIDTH } from './scale.js';
import { text } from './text.js';
import { timeTicks } from './ticks.js';
import type { View } from './views.js';

// Lanes of runs, one for each lock, on one axis. Which part of the time is shown is a choice of CSS.

const HEIGHT = 32;
const GLYPH = 6;
const BAR = 18;
const UPPER_HALF = 15.5;
const SKIPS = { from: 25, to: 31 };
/** Units between two ticks that can be told apart. */
const SKIPS_APART = 3;
const MOST_TICKS = 8;

export function timeline(locks: readonly Facts[], views: readonly View[]): string {
  return `<section class="timeline" aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>
<div class="views" role="group" aria-labelledby="timeline">${choices(views)}${views.map((view) => lanes(locks, view)).join('')}</div></section>`;
}

/** Before the views, so that CSS can show the chosen one. */
function choices(views: readonly View[]): string {
  return views
    .map(
      ({ id, label, isFirst }) =>
        `<input type="radio" name="view" class="hidden" id="of-${id}"${isFirst ? ' checked' : ''}><label for="of-${id}">${label}</label>`,
    )
    .join('');
}

function lanes(locks: readonly Facts[], { id, label, period }: View): string {
  const ticks = timeTicks(period, MOST_TICKS);
  const axis = timeAxis(ticks, period);
  const rows = locks.map((facts, lock) => lane(facts, lock, period));
  return `<div class="view" id="view-${id}" role="group" aria-label="${label}">${axis}<div class="lanes"><svg class="grid" aria-hidden="true">${tickLines(ticks, period)}</svg>${rows.join('')}</div>${locks.length > 12 ? axis : ''}</div>`;
}

function lane({ name, runs, skipsSince }: Facts, lock: number, period: Period): string {
  const ordered = runs.toSorted((one, other) => one.startedAt.getTime() - other.startedAt.getTime());
  const bars = outcomesIn(ordered).map((outcome) => {
    const ofOutcome = ordered.filter((run) => run.outcome === outcome);
    return barsOf(segmentsOf(ofOutcome, period), outcome);
  });
  const marks = marksOf(ordered, period).map(({ at, outcome, isMore }) =>
    glyph(outcome, percent(at), GLYPH, isMore),
  );
  const content = `${stretched(HEIGHT, bars.join(''))}${marks.join('')}${skipTicks(ordered, skipsSince, period)}`;
  const label = `${name}: ${inWords(runs, period)}`;
  return `<div class="row"><div class="name">${text(name)}</div>${plot({ lock, label, period }, unstretched(HEIGHT, content))}</div>`;
}

/** Several failures leave the lower half of the lane to the successes between them. */
function barsOf(segments: readonly Segment[], outcome: RunOutcome): string {
  const isHalf = (segment: Segment) => segment.isMerged && outcome !== 'succeeded';
  const half = segments.filter(isHalf);
  const whole = segments.filter((segment) => !isHalf(segment));
  return [
    whole.length === 0 ? '' : `<path class="${outcome}" d="${pathOf(whole, BAR)}"/>`,
    half.length === 0 ? '' : `<path class="${outcome} half" d="${pathOf(half, UPPER_HALF)}"/>`,
  ].join('');
}

/** The successes first, so that they cover nothing. */
function outcomesIn(runs: readonly PastRun[]): RunOutcome[] {
  const outcomes = new Set(runs.map(({ outcome }) => outcome));
  const rest = [...outcomes].filter((outcome) => outcome !== 'succeeded');
  return outcomes.has('succeeded') ? ['succeeded', ...rest] : rest;
}

/** The history knows only between the ends of which runs something was skipped; usually the later one was in the way. */
function skipTicks(runs: readonly PastRun[], since: Facts['skipsSince'], period: Period): string {
  const times = runs.filter(({ skips }) => skips > 0).map(({ endedAt }) => endedAt);
  const positions = [...times, ...(since === null ? [] : [since.first, since.last])]
    .map((time) => positionOf(time.getTime(), period))
    .filter((at) => at >= 0 && at <= WIDTH);
  if (positions.length === 0) return '';
  return `<g class="skips">${verticalLines(thinned(positions, SKIPS_APART), SKIPS.from, SKIPS.to)}</g>`;
}

function inWords(runs: readonly PastRun[], { from, to }: Period): string {
  const within = runs.filter(
    ({ startedAt, endedAt }) => endedAt.getTime() >= from && startedAt.getTime() <= to,
  );
  const bad = within.filter(({ outcome }) => outcome !== 'succeeded').length;
  if (within.length === 0) return 'no runs';
  return `${within.length} ${within.length === 1 ? 'run' : 'runs'}, ${bad === 0 ? 'all of them succeeded' : `${bad} did not succeed`}`;
}
