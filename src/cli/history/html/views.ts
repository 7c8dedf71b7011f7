import type { PastRun } from '../../../history/index.js';
import { dayLabel } from './ticks.js';

/** A choice of what the timeline shows. */
export type View = ReturnType<typeof viewsOf>[number];

const DAY = 86_400_000;
const LENGTHS = [
  { id: 'day', label: 'Last 24 hours', length: DAY },
  { id: 'week', label: 'Last 7 days', length: 7 * DAY },
  { id: 'month', label: 'Last 30 days', length: 30 * DAY },
];
/** Jobs that run every minute and jobs that run once a day can both be seen in it. */
const PREFERRED = 'week';

/**
 * All, and those parts of it, up to now, in which something ran; exactly one is the first to be shown. A run that starts in the future is in none: a clock was wrong.
 *
 * @param now In milliseconds since 1970.
 */
export function viewsOf(runs: readonly PastRun[], now: number) {
  const past = runs.filter((run) => !isInFuture(run, now));
  const first = past.reduce((least, { startedAt }) => Math.min(least, startedAt.getTime()), now);
  const newest = past.reduce((most, { endedAt }) => Math.max(most, endedAt.getTime()), first);
  const parts = LENGTHS.filter(({ length }) => first < now - length && newest > now - length);
  const shown = parts.some(({ id }) => id === PREFERRED) ? PREFERRED : 'all';
  return [
    ...parts.map(({ id, label, length }) => ({ id, label, period: { from: now - length, to: now } })),
    {
      id: 'all',
      label: `All, since ${sinceLabel(new Date(first), new Date(now))}`,
      period: { from: first, to: now },
    },
  ].map((view) => ({ ...view, isFirst: view.id === shown }));
}

function sinceLabel(first: Date, now: Date): string {
  const year = first.getFullYear();
  return year === now.getFullYear() ? dayLabel(first) : `${dayLabel(first)} ${year}`;
}

export function isInFuture({ startedAt }: PastRun, now: number): boolean {
  return startedAt.getTime() > now;
}
