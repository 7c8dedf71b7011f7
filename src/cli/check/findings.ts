import { oneLine } from '../../core/describe-holder.js';
import type { LockHistory, PastRun } from '../../history/index.js';
import type { Inspection, LockRecord } from '../../index.js';
import { ageOfSuccess, lastRun, lastSuccess, runtimeOf } from '../jobs/job-figures.js';
import type { JobStatus } from '../jobs/read-jobs.js';
import { inWords } from '../terminal/age.js';
import { describeEnd } from '../terminal/describe-outcome.js';
import { otherHost } from '../terminal/holder-line.js';
import { formatDateAndTime, formatDay } from '../terminal/local-time.js';
import type { Limit } from './limits.js';

/** So far, in milliseconds, the clocks of the machines that share a lock may differ. */
const CLOCK_DIFFERENCE = 5 * 60 * 1000;

/** The states of a service in https://www.monitoring-plugins.org/doc/guidelines.html, the one that decides first. */
export const SEVERITIES = ['critical', 'warning', 'unknown', 'ok'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** One thing that is wrong with a job. */
export interface Finding {
  readonly severity: Severity;
  /** In words, without the name of the lock. */
  readonly text: string;
}

/** What is wrong, and how wrong. */
export interface Limits {
  /** Milliseconds since the last success. */
  readonly maxAge: Limit | undefined;
  /** Attempts that were skipped in a row. */
  readonly maxSkips: Limit | undefined;
  /** Milliseconds since the run began that is at work. */
  readonly maxRuntime: Limit | undefined;
  /** If the last run did not succeed. */
  readonly onFailure: Severity;
}

/** All that is wrong with a job; nothing if it is well. */
export function findingsOn(job: JobStatus, limits: Limits, now: Date): readonly Finding[] {
  const { lock, history, failures } = job;
  const findings = [
    ...failures.map((text) => ({ severity: 'unknown', text }) as const),
    ...(lock === null
      ? []
      : [ofLock(lock, limits, now, isLeftBy(lock, failedRun(job))), ofRuntime(lock, history, limits)]),
    ofLastRun(job, limits, now),
    ...(history === null
      ? []
      : [ofSkips(history, lock, limits, now), ofAge(history, lock, limits, now), ofNothing(history, lock)]),
  ];
  return findings.flatMap((finding) =>
    finding === null || finding.severity === 'ok' ? [] : [inOneLine(finding)],
  );
}

type Perhaps = Finding | null;

/** @param isToldOfRun Whether its holder is told of as the last run. */
function ofLock(
  { state, reason, holder, heartbeatAge }: Inspection,
  limits: Limits,
  now: Date,
  isToldOfRun: boolean,
): Perhaps {
  switch (state) {
    case 'stalled':
      return {
        severity: 'critical',
        text: `stalled: ${holder === null ? 'its holder' : pidOf(holder)} has sent no heartbeat for ${inWords(heartbeatAge ?? 0)}`,
      };
    case 'dead': {
      if (isToldOfRun) return null;
      const since = holder === null ? '' : ` since ${formatDay(holder.timestamp, now)}`;
      return { severity: limits.onFailure, text: `dead${since}: ${reason}, and no run has taken over` };
    }
    case 'foreign':
      return { severity: 'critical', text: `not a lock: ${reason}` };
    case 'free':
    case 'live':
    case 'cooldown':
      return null;
  }
}

function ofRuntime(lock: Inspection, history: LockHistory | null, limits: Limits): Perhaps {
  const runtime = runtimeOf(lock);
  if (runtime === null) return null;
  const usual = history?.usualDuration ?? null;
  const usually = usual === null ? '' : ` (usually ${inWords(usual)})`;
  const text = `at work for ${inWords(runtime)}${usually}${lock.holder && `: ${pidOf(lock.holder)}`}`;
  return { severity: severityOf(runtime, limits.maxRuntime), text };
}

function ofLastRun(job: JobStatus, { onFailure }: Limits, now: Date): Perhaps {
  const run = failedRun(job);
  if (run === undefined) return null;
  const left = isLeftBy(job.lock, run) ? ', and no run has taken over' : '';
  return {
    severity: onFailure,
    text: `the last run (${formatDay(run.startedAt, now)}) ${describeEnd(run)}${detailOf(run)}${left}`,
  };
}

/** The last run, unless it succeeded. */
function failedRun(job: JobStatus): PastRun | undefined {
  const run = lastRun(job);
  return run?.outcome === 'succeeded' ? undefined : run;
}

/** Whether that run could not release its lock, as when the database was away at its end, and is dead now. */
function isLeftBy(lock: Inspection | null, run: PastRun | undefined): boolean {
  return lock?.state === 'dead' && lock.holder !== null && run?.id === lock.holder.token;
}

/** What else is known about how it ended. */
function detailOf({ outcome, exitCode, reason, progress }: PastRun): string {
  if (outcome === 'failed') return exitCode === null ? '' : ` with exit status ${exitCode}`;
  if (outcome === 'not-started') return reason === null ? '' : `: ${reason.replace(/\.$/, '')}`;
  const ratio = outcome === 'killed' ? (progress?.ratio ?? null) : null;
  return ratio === null ? '' : `, last seen at ${Math.floor(ratio * 100)} %`;
}

function ofSkips(history: LockHistory, lock: Inspection | null, limits: Limits, now: Date): Perhaps {
  const { skips } = history;
  const count = skips?.count ?? 0;
  const times = count === 1 ? 'once' : `${count} times in a row`;
  const why = holderOf(lock, now) ?? (skips === null ? '' : `the last one ${formatDay(skips.last, now)}`);
  return { severity: severityOf(count, limits.maxSkips), text: `skipped ${times}: ${why}` };
}

/** `PID 4242 has held it since Monday 03:00` */
function holderOf(lock: Inspection | null, now: Date): string | null {
  if (lock === null || lock.holder === null || lock.state === 'free') return null;
  const { acquiredAt, timestamp } = lock.holder;
  return lock.state === 'cooldown'
    ? `it has counted as held since ${formatDay(timestamp, now)} (--hold-at-least)`
    : `${pidOf(lock.holder)} has held it since ${formatDay(acquiredAt ?? timestamp, now)}`;
}

/** `PID 4242`, and where that is, unless it is here. */
function pidOf(holder: LockRecord): string {
  const host = otherHost(holder);
  return `PID ${holder.processId}${host === null ? '' : ` on ${host}`}`;
}

function ofAge(history: LockHistory, lock: Inspection | null, limits: Limits, now: Date): Perhaps {
  const age = ageOfSuccess(history, lock, now);
  if (age === null || limits.maxAge === undefined) return null;
  const success = lastSuccess(history)?.endedAt;
  if (success !== undefined && success.getTime() - now.getTime() > CLOCK_DIFFERENCE) {
    return {
      severity: 'unknown',
      text: `the last success is in the future (${formatDateAndTime(success)}): the clock was wrong then, or is now`,
    };
  }
  const atLeast = age.isKnown ? '' : 'at least ';
  return {
    severity: severityOf(age.milliseconds, limits.maxAge),
    text: `no success for ${atLeast}${inWords(age.milliseconds)}`,
  };
}

/** The first run may be at work. Otherwise this may be a name that was mistyped. */
function ofNothing({ store, runs, unreadable }: LockHistory, lock: Inspection | null): Perhaps {
  if (runs.length > 0 || (lock !== null && lock.state !== 'free' && lock.state !== 'cooldown')) return null;
  if (unreadable > 0) return { severity: 'unknown', text: 'its history cannot be read' };
  const where =
    store === null ? '' : ' on this machine (for a lock in a database, only --history records runs)';
  return { severity: 'unknown', text: `no run has been recorded for this user${where}` };
}

/** How bad a value is. */
export function severityOf(value: number, limit: Limit | undefined): Severity {
  if (limit === undefined) return 'ok';
  if (value > limit.critical) return 'critical';
  return limit.warning !== null && value > limit.warning ? 'warning' : 'ok';
}

/** Commands, notes and reasons come from others. */
function inOneLine({ severity, text }: Finding): Finding {
  // A message of a store is a sentence; here it is part of one.
  return { severity, text: oneLine(text).replace(/\.$/, '') };
}
