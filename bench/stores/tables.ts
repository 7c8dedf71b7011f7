import { formatRow } from '../comparison-table.js';
import type { Measurement } from '../measurement.js';
import type { RoundTrips } from './round-trips.js';

/** All results for one engine. */
export interface Results {
  readonly title: string;
  readonly description: string;
  /** The names of the measurements, in order. */
  readonly subjects: readonly string[];
  readonly measurements: readonly Measurement[];
  /** `null` if they were not counted. */
  readonly roundTrips: readonly RoundTrips[] | null;
}

/** A table in GitHub's Markdown: a group of rows for each engine, two columns for each thing measured. */
export function formatTimes(results: readonly Results[]): string {
  const titles = (results[0]?.measurements ?? []).flatMap(({ title }) => [title, 'ratio']);
  const rows = results.flatMap(({ title, subjects, measurements }) => [
    `| **${title}** |${'  |'.repeat(titles.length)}`,
    ...subjects.map((name) => formatRow(name, ...measurements)),
  ]);
  return [`|  | ${titles.join(' | ')} |`, `| --- |${' --: |'.repeat(titles.length)}`, ...rows].join('\n');
}

/** A table of how many round trips each takes. */
export function formatRoundTrips(results: readonly Results[]): string {
  const rows = results.flatMap(({ title, roundTrips }) =>
    (roundTrips ?? []).map(({ name, acquire, busyAcquire, beat, release }) =>
      formatCells(`${title}: ${name}`, acquire, busyAcquire, beat ?? '', release),
    ),
  );
  const header = formatCells('round trips', 'acquire', 'busy acquire', 'heartbeat', 'release');
  return [header, '| --- | --: | --: | --: | --: |', ...rows].join('\n');
}

function formatCells(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
