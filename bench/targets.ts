import { formatNumber, summarize } from '../support/figures/statistics.js';
import { compare, type Results } from './comparison-table.js';
import { acquireRelease } from './measurements/acquire-release.js';
import { busyAcquire } from './measurements/busy-acquire.js';
import { throttledBeat, throttledCall } from './measurements/heart-beat.js';
import { livinglock } from './rivals/livinglock.js';

/** A target of this project; medians count. */
interface Target {
  readonly title: string;
  readonly series: string;
  readonly limit: number;
  /** The unit of the limit: multiples of the baseline's time, or nanoseconds. */
  readonly unit: 'ratio' | 'ns';
}

const TARGETS: readonly Target[] = [
  { title: acquireRelease, series: livinglock.name, limit: 0.7, unit: 'ratio' },
  { title: busyAcquire, series: livinglock.name, limit: 1, unit: 'ratio' },
  { title: throttledBeat, series: throttledCall, limit: 150, unit: 'ns' },
];

/** One line for each target and place: whether it was met in this run. */
export function formatTargets(results: readonly Results[]): string {
  return TARGETS.flatMap((target) => results.map((of) => formatTarget(target, of))).join('\n');
}

function formatTarget({ title, series, limit, unit }: Target, { place, measurements }: Results): string {
  const measurement = measurements.find((candidate) => candidate.title === title);
  const samples = measurement?.series.find((candidate) => candidate.name === series)?.samples ?? [];
  const summary =
    unit === 'ns' ? summarize(samples) : measurement === undefined ? null : compare(measurement, series);
  const median = summary?.median ?? Number.NaN;
  const as = unit === 'ns' ? 'ns' : `× ${measurement?.baseline}`;
  const verdict = median <= limit ? 'met    ' : 'not met';
  return `${verdict}  ${title} on ${place.mount.type}: ${formatNumber(median)} ${as} (target: at most ${limit})`;
}
