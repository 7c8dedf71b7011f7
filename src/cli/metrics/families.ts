import { DEFAULT_STALE_TIMEOUT } from '../../core/assess/judge.js';
import { type LockHistory, OUTCOMES, type PastRun } from '../../history/run.js';
import type { Inspection } from '../../index.js';
import { holderAtWork, lastRun, lastSuccess } from '../jobs/job-figures.js';
import type { JobStatus } from '../jobs/read-jobs.js';
import type { Family, Labels } from './exposition.js';

/** What a family says about each job: one value, or several that differ in one more label. `null`: nothing. */
interface Gauge {
  readonly name: string;
  readonly help: string;
  value(job: JobStatus): number | null | readonly (readonly [Labels, number])[];
}

/** The family that is always there, and always the first one: its type and help tell our text file from others, so they must not change. */
const UP = 'livinglock_up';

const STATES = [
  'free',
  'live',
  'cooldown',
  'stalled',
  'dead',
  'foreign',
] as const satisfies readonly Inspection['state'][];

/** No family is a counter: the history is bounded, so that its sums go down when old runs fall out. */
const GAUGES: readonly Gauge[] = [
  {
    name: 'livinglock_held',
    help: 'Whether the lock is held, so that a run would be skipped.',
    value: ({ lock }) => lock && Number(lock.state === 'live' || lock.state === 'cooldown'),
  },
  {
    name: 'livinglock_state',
    help: 'Whether the lock is in this state.',
    value: ({ lock }) => lock && STATES.map((state) => [{ state }, Number(lock.state === state)] as const),
  },
  {
    name: 'livinglock_acquired_timestamp_seconds',
    help: 'When the current run began.',
    value: ({ lock }) => seconds(holderAtWork(lock)?.acquiredAt),
  },
  {
    name: 'livinglock_heartbeat_timestamp_seconds',
    help: 'The last heartbeat of the current run.',
    value: ({ lock }) => seconds(holderAtWork(lock)?.timestamp),
  },
  {
    name: 'livinglock_heartbeat_age_seconds',
    help: 'The age of that heartbeat when these metrics were written, by the clock that decides whether the run has stalled.',
    value: ({ lock }) => seconds(holderAtWork(lock) && lock?.heartbeatAge),
  },
  {
    name: 'livinglock_stale_timeout_seconds',
    help: 'The age of a heartbeat above which the run counts as stalled.',
    value: ({ lock }) => {
      const holder = holderAtWork(lock);
      return holder && seconds(holder.staleTimeout ?? DEFAULT_STALE_TIMEOUT);
    },
  },
  {
    name: 'livinglock_progress_ratio',
    help: 'The progress of the current run, from 0 to 1.',
    value: ({ lock }) => holderAtWork(lock)?.progress?.ratio ?? null,
  },
  {
    name: 'livinglock_last_success_timestamp_seconds',
    help: 'When the last successful run ended.',
    value: ({ history }) => seconds(history && lastSuccess(history)?.endedAt),
  },
  {
    name: 'livinglock_last_run_end_timestamp_seconds',
    help: 'When the last run ended.',
    value: (job) => seconds(lastRun(job)?.endedAt),
  },
  {
    name: 'livinglock_last_run_duration_seconds',
    help: 'How long the last run took.',
    value: (job) => seconds(lastRun(job)?.duration),
  },
  {
    name: 'livinglock_last_run_succeeded',
    help: 'Whether the last run succeeded.',
    value: (job) => {
      const run = lastRun(job);
      return run === undefined ? null : Number(run.outcome === 'succeeded');
    },
  },
  {
    name: 'livinglock_usual_duration_seconds',
    help: 'How long a run usually takes: the median of the last 20 that succeeded.',
    value: ({ history }) => seconds(history?.usualDuration),
  },
  {
    name: 'livinglock_runs',
    help: 'Runs in the history, by outcome. The history keeps at most 1000, for 90 days.',
    value: ({ history }) =>
      history && OUTCOMES.map((outcome) => [{ outcome }, runsWith(history, outcome)] as const),
  },
  {
    name: 'livinglock_skips',
    help: 'Skipped attempts in the history.',
    value: ({ history }) =>
      history === null
        ? null
        : history.runs.reduce((sum, { skips }) => sum + skips, history.skips?.count ?? 0),
  },
  {
    name: 'livinglock_skips_since_last_run',
    help: 'Attempts that were skipped since the last run ended.',
    value: ({ history }) => history && (history.skips?.count ?? 0),
  },
  {
    name: 'livinglock_history_unreadable_lines',
    help: 'Lines of the history that cannot be read.',
    value: ({ history }) => history?.unreadable ?? null,
  },
];

/**
 * All that is known about the jobs, as Prometheus wants it.
 *
 * @param origin Labels that all values have: the database, `null` for files, and the user, as two users may have locks of the same name.
 * @param isComplete Whether everything could be read.
 */
export function familiesOf(jobs: readonly JobStatus[], origin: Labels, isComplete: boolean): Family[] {
  const up: Family = {
    name: UP,
    help: 'Whether all locks and their history could be read.',
    samples: [{ labels: origin, value: Number(isComplete) }],
  };
  const families = GAUGES.map(({ name, help, value }) => ({
    name,
    help,
    samples: jobs.flatMap((job) => {
      const found = value(job);
      const values = typeof found === 'number' ? [[{}, found] as const] : (found ?? []);
      return values.map(([more, each]) => ({ labels: { lock: job.name, ...origin, ...more }, value: each }));
    }),
  }));
  return [up, ...families];
}

function runsWith({ runs }: LockHistory, wanted: PastRun['outcome']): number {
  return runs.filter(({ outcome }) => outcome === wanted).length;
}

/** Of a time, or of milliseconds. */
function seconds(value: Date | number | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return (value instanceof Date ? value.getTime() : value) / 1000;
}
