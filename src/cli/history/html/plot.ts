import { type Period, percent, positionOf, WIDTH } from './scale.js';
import { text } from './text.js';
import type { Tick } from './ticks.js';

// Parts that the timeline and the charts of durations share.

/** A phone has room for so many labels; of more, every second one is left out there. */
const NARROW_TICKS = 5;

/**
 * A plot of a lock's runs. The script makes a slider of it, with which a keyboard or a screen reader goes from run to run.
 *
 * @param lock The number of its section.
 */
export function plot(
  { lock, label, period }: { readonly lock: number; readonly label: string; readonly period: Period },
  content: string,
): string {
  const { from, to } = period;
  return `<div class="plot" role="img" aria-label="${text(label)}" data-lock="${lock}" data-from="${from}" data-to="${to}">${content}</div>`;
}

/** Stretched to the width of the plot; as high as given, in pixels. Lines in it keep their width. */
export function stretched(height: number, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="100%" height="${height}" preserveAspectRatio="none">${content}</svg>`;
}

/** Not stretched: for glyphs and text, at lengths in percent. */
export function unstretched(height: number, content: string, name = ''): string {
  return `<svg${name && ` class="${name}"`} width="100%" height="${height}" aria-hidden="true">${content}</svg>`;
}

/** Labels of times, within the width. */
export function timeAxis(ticks: readonly Tick[], period: Period): string {
  const labels = ticks.map(({ value, label }) => {
    const at = positionOf(value, period);
    const anchor = at < 0.03 * WIDTH ? 'start' : at > 0.97 * WIDTH ? 'end' : 'middle';
    return `<text x="${percent(at)}" y="13" text-anchor="${anchor}">${label}</text>`;
  });
  return unstretched(18, labels.join(''), ticks.length > NARROW_TICKS ? 'axis many' : 'axis');
}

/** Lines at ticks, over the whole height. */
export function tickLines(ticks: readonly Tick[], period: Period): string {
  return verticalLines(
    ticks.map(({ value }) => positionOf(value, period)),
    0,
    '100%',
  );
}

export function verticalLines(positions: readonly number[], y1: number, y2: number | string): string {
  return positions
    .map((at) => `<line x1="${percent(at)}" x2="${percent(at)}" y1="${y1}" y2="${y2}"/>`)
    .join('');
}
