import { ageOfSuccess, runtimeOf } from '../jobs/job-figures.js';
import type { JobStatus } from '../jobs/read-jobs.js';
import { type Finding, type Limits, SEVERITIES, type Severity } from './findings.js';
import type { Limit } from './limits.js';

/** A job, and what is wrong with it. */
export interface Checked {
  readonly job: JobStatus;
  readonly findings: readonly Finding[];
}

/** One line as plugins print it: how bad it is, what is wrong with which lock, and behind a bar what to draw graphs of. */
export function pluginLine(
  checked: readonly Checked[],
  limits: Limits,
  now: Date,
): { readonly severity: Severity; readonly line: string } {
  const found = new Set(checked.flatMap(({ findings }) => findings.map((finding) => finding.severity)));
  const severity = SEVERITIES.find((each) => found.has(each)) ?? 'ok';
  const text = severity === 'ok' ? `OK: ${summaryOf(checked)}` : complaints(checked);
  const data = checked.flatMap(({ job }) => performanceData(job, limits, now)).join(' ');
  return { severity, line: `${withoutBar(text)}${data === '' ? '' : ` | ${data}`}` };
}

/** `CRITICAL: backup: no success for 31 hours; WARNING: import: skipped 14 times in a row: …` */
function complaints(checked: readonly Checked[]): string {
  return SEVERITIES.flatMap((severity) => {
    const parts = checked.flatMap(({ job, findings }) => {
      const texts = findings.filter((finding) => finding.severity === severity).map(({ text }) => text);
      return texts.length === 0 ? [] : [`${job.name}: ${texts.join(', ')}`];
    });
    return parts.length === 0 ? [] : [`${severity.toUpperCase()}: ${parts.join('; ')}`];
  }).join('; ');
}

function summaryOf(checked: readonly Checked[]): string {
  const atWork = checked.filter(({ job }) => job.lock?.state === 'live').length;
  const what = checked.length === 1 ? checked[0]?.job.name : `${checked.length} locks`;
  return atWork === 0 ? `${what}` : `${what}, ${checked.length === 1 ? '' : `${atWork} `}at work`;
}

/** `'label'=value[unit];[warning];[critical];[minimum]` */
function performanceData({ name, lock, history }: JobStatus, limits: Limits, now: Date): string[] {
  const age = history && ageOfSuccess(history, lock, now);
  return [
    age && seconds(`${name} age`, age.milliseconds, limits.maxAge),
    lock && seconds(`${name} runtime`, runtimeOf(lock) ?? 0, limits.maxRuntime),
    history && datum(`${name} skips`, String(history.skips?.count ?? 0), limits.maxSkips, String),
  ].filter((each) => each !== null);
}

function seconds(label: string, milliseconds: number, limit: Limit | undefined): string {
  const format = (value: number) => String(Math.round(value / 1000));
  return datum(label, `${format(milliseconds)}s`, limit, format);
}

function datum(
  label: string,
  value: string,
  limit: Limit | undefined,
  format: (value: number) => string,
): string {
  const warning = limit === undefined || limit.warning === null ? '' : format(limit.warning);
  const critical = limit === undefined ? '' : format(limit.critical);
  return `${quoted(label)}=${value};${warning};${critical};0`;
}

/** In a label, an equals sign cannot be quoted. */
function quoted(label: string): string {
  return `'${withoutBar(label).replaceAll('=', '_').replaceAll("'", "''")}'`;
}

/** A bar would begin the performance data, and a line break a second line. */
function withoutBar(text: string): string {
  return text.replaceAll('|', '¦').replaceAll(/\p{Cc}+/gu, ' ');
}
