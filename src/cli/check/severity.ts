import { ExitCode } from '../errors/exit-codes.js';
import type { Limit } from './limits.js';

/** The states of a service in https://www.monitoring-plugins.org/doc/guidelines.html, the one that decides first. */
export const SEVERITIES = ['critical', 'warning', 'unknown', 'ok'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** The exit status of each. */
export const STATUSES: Readonly<Record<Severity, number>> = {
  ok: ExitCode.ok,
  warning: ExitCode.no,
  critical: ExitCode.critical,
  unknown: ExitCode.stale,
};

/** One thing that is wrong with a job. */
export interface Finding {
  readonly severity: Severity;
  /** In words, without the name of the lock. */
  readonly text: string;
}

export function worst(severities: Iterable<Severity>): Severity {
  const found = new Set(severities);
  return SEVERITIES.find((severity) => found.has(severity)) ?? 'ok';
}

/** How bad a value is. */
export function severityOf(value: number, limit: Limit | undefined): Severity {
  if (limit === undefined) return 'ok';
  if (value > limit.critical) return 'critical';
  return limit.warning !== null && value > limit.warning ? 'warning' : 'ok';
}
