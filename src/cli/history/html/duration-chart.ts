import type { PastRun, RunOutcome } from '../../../history/index.js';
import { formatTook } from '../../terminal/age.js';
import { type Facts, greatest, type UsualRange } from './lock-facts.js';
import { glyph } from './outcomes.js';
import { plot, stretched, tickLines, timeAxis, unstretched } from './plot.js';
import { type Period, percent, positionOf, round, WIDTH } from './scale.js';
import { durationTicks, timeTicks } from './ticks.js';
import { isInFuture } from './views.js';

// How long each run took, over the time of its start.

const HEIGHT = 110;
/** Room for glyphs above the highest point, and for points below the lowest. */
const TOP = 12;
const BOTTOM = HEIGHT - 4;
const MOST_TICKS = 5;
const MOST_DURATIONS = 3;
/** The chart is as high as this many times the usual; what took longer is drawn at its upper edge. */
const MOST_TIMES_USUAL = 4;
/** What is shown before and after a single run, in milliseconds. */
const AROUND_ONE = 1_800_000;
/** Units and pixels in which only one glyph is drawn. */
const APART = { x: 10, y: 6 };

interface Point {
  readonly x: number;
  readonly y: number;
  readonly outcome: RunOutcome;
  readonly isAbove: boolean;
}

/**
 * Empty if nothing ran.
 *
 * @param lock The number of its section.
 */
export function durationChart({ name, runs: all, usual }: Facts, lock: number, now: number): string {
  const runs = all.filter((run) => !isInFuture(run, now));
  if (runs.length === 0) return '';
  const period = periodOf(runs);
  const highest = greatest(runs.map(({ duration }) => duration));
  const top = Math.max(1, usual === null ? highest : Math.min(highest, usual.high * MOST_TIMES_USUAL));
  const points = runs.map((run) => pointOf(run, period, top));
  const ticks = timeTicks(period, MOST_TICKS);
  const content = [
    usual === null ? '' : usualBand(usual, top),
    `<g class="lines">${tickLines(ticks, period)}</g>`,
    durationAxis(top),
    stretched(HEIGHT, `<path class="points" d="${dots(points)}"/>`),
    glyphs(points),
    usual === null ? '' : medianLine(usual, top),
  ];
  const label = `How long ${name} took: ${usual === null ? 'no run has succeeded' : `usually ${formatTook(usual.median)}`}`;
  return `${plot({ lock, label, period }, unstretched(HEIGHT, content.join('')))}${timeAxis(ticks, period)}`;
}

function periodOf(runs: readonly PastRun[]): Period {
  const starts = runs.map(({ startedAt }) => startedAt.getTime());
  const [from, to] = [-greatest(starts.map((start) => -start)), greatest(starts)];
  return from === to ? { from: from - AROUND_ONE, to: to + AROUND_ONE } : { from, to };
}

function pointOf({ startedAt, duration, outcome }: PastRun, period: Period, top: number): Point {
  const x = positionOf(startedAt.getTime(), period);
  return { x, y: yOf(Math.min(duration, top), top), outcome, isAbove: duration > top };
}

function yOf(duration: number, top: number): number {
  return round(BOTTOM - (duration / top) * (BOTTOM - TOP));
}

function usualBand({ low, high }: UsualRange, top: number): string {
  const upper = yOf(Math.min(high, top), top);
  const height = round(Math.max(2, yOf(Math.min(low, top), top) - upper));
  return `<rect class="usual" width="100%" y="${upper}" height="${height}"/>`;
}

function medianLine({ median }: UsualRange, top: number): string {
  const y = yOf(Math.min(median, top), top);
  return `<line class="median" x2="100%" y1="${y}" y2="${y}"/>`;
}

function durationAxis(top: number): string {
  const labels = durationTicks(top, MOST_DURATIONS).map((duration) => {
    const y = yOf(duration, top);
    const label = duration === 0 ? '' : `<text x="2" y="${round(y - 3)}">${formatTook(duration)}</text>`;
    return `<line x2="100%" y1="${y}" y2="${y}"/>${label}`;
  });
  return `<g class="lines">${labels.join('')}</g>`;
}

/** Lines without length, whose round ends are the dots: a stretched circle would be an ellipse. */
function dots(points: readonly Point[]): string {
  const drawn = new Set(
    points
      .filter(({ outcome, isAbove }) => outcome === 'succeeded' && !isAbove)
      .map(({ x, y }) => `M${round(x)} ${round(y)}h0`),
  );
  return [...drawn].join('');
}

function glyphs(points: readonly Point[]): string {
  const drawn = new Map<string, string>();
  for (const { x, y, outcome, isAbove } of points) {
    if (outcome === 'succeeded' && !isAbove) continue;
    const place = `${outcome} ${Math.floor(x / APART.x)} ${Math.floor(y / APART.y)}`;
    const at = percent(Math.max(6, Math.min(WIDTH - 6, x)));
    const above = isAbove ? `<use href="#g-above" class="${outcome}" x="${at}" y="5"/>` : '';
    const own = outcome === 'succeeded' ? '' : glyph(outcome, at, isAbove ? 17 : y);
    drawn.set(place, `${above}${own}`);
  }
  return [...drawn.values()].join('');
}
