import { formatNumber, type Summary, summarize } from '../support/figures/statistics.js';
import type { Measurement, Series } from './measurement.js';
import type { Place } from './place.js';

/** All measurements of one place; each place has the same ones in the same order. */
export interface Results {
  readonly place: Place;
  readonly measurements: readonly Measurement[];
}

/** A table in GitHub's Markdown: a group of rows for each thing measured, two columns for each file system. */
export function formatTable(results: readonly Results[]): string {
  const header = [
    '',
    ...results.flatMap(({ place }) => [`${place.mount.type} (\`${place.parent}\`)`, 'ratio']),
  ];
  const rows = (results[0]?.measurements ?? []).flatMap(({ title, series }, index) => [
    [`**${title}**`, ...results.flatMap(() => ['', ''])],
    ...series.map(({ name }) => [name, ...results.flatMap((of) => cellsOf(name, of.measurements[index]))]),
  ]);
  const rule = header.map((_, column) => (column === 0 ? '---' : '--:'));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** One row of a table: two columns for each thing measured. */
export function formatRow(name: string, ...measurements: readonly Measurement[]): string {
  return `| ${[name, ...measurements.flatMap((measurement) => cellsOf(name, measurement))].join(' | ')} |`;
}

function cellsOf(name: string, measurement: Measurement | undefined): [time: string, ratio: string] {
  const series = measurement?.series.find((candidate) => candidate.name === name);
  if (measurement === undefined || series === undefined) return ['', ''];
  const time = summarize(series.samples);
  const ratio = compare(measurement, name);
  return [
    time === null ? (series.remark ?? '') : formatTimes(time),
    name === measurement.baseline ? '1' : ratio === null ? '' : formatRatios(ratio),
  ];
}

/** How many times the baseline's time a series took; `null` if one of the two has no samples. */
export function compare({ series, baseline, byTurns }: Measurement, name: string): Summary | null {
  const one = series.find((candidate) => candidate.name === name);
  const other = series.find((candidate) => candidate.name === baseline);
  if (one === undefined || other === undefined) return null;
  return summarize(byTurns ? ratiosByRound(one, other) : ratiosToMedian(one, other));
}

/** A disturbance of a round is in both of its samples, and cancels out. */
function ratiosByRound(one: Series, other: Series): number[] {
  return one.samples.map((sample, round) => sample / (other.samples[round] ?? Number.NaN));
}

function ratiosToMedian(one: Series, other: Series): number[] {
  const median = summarize(other.samples)?.median;
  return median === undefined ? [] : one.samples.map((sample) => sample / median);
}

const UNITS = [
  { name: 's', nanoseconds: 1e9 },
  { name: 'ms', nanoseconds: 1e6 },
  { name: 'µs', nanoseconds: 1e3 },
] as const;

/** `134 µs (128–141)`: the median, and the quartiles in the same unit. */
function formatTimes({ median, lower, upper }: Summary): string {
  const unit = UNITS.find(({ nanoseconds }) => median >= nanoseconds) ?? { name: 'ns', nanoseconds: 1 };
  const [middle, from, to] = [median, lower, upper].map((time) => formatNumber(time / unit.nanoseconds));
  return `${middle} ${unit.name} (${from}–${to})`;
}

/** `0.38 (0.36–0.41)`. */
function formatRatios({ median, lower, upper }: Summary): string {
  const [middle, from, to] = [median, lower, upper].map(formatNumber);
  return `${middle} (${from}–${to})`;
}
