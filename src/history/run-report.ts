import { hostname } from 'node:os';
import type { Predecessor } from '../core/acquire/predecessor.js';
import { refuseUnknown, show } from '../core/options/validate.js';
import { currentFolder, currentUser } from '../core/user-and-folder.js';
import type { JournalOwner } from './journal-line.js';
import { OUTCOMES, type Run, type RunReport, type TakenOver } from './run.js';

const KEYS: Readonly<Record<keyof RunReport, true>> = {
  id: true,
  lock: true,
  store: true,
  outcome: true,
  startedAt: true,
  endedAt: true,
  duration: true,
  exitCode: true,
  signal: true,
  reason: true,
  command: true,
  cwd: true,
  host: true,
  user: true,
  owner: true,
  pid: true,
  fencingToken: true,
  progress: true,
  predecessor: true,
  attempt: true,
  output: true,
  isReported: true,
};

/** Checks a report, and fills in what it leaves out. Throws a `TypeError` or `RangeError`. */
export function completed(report: RunReport): Run {
  refuseUnknown(report, Object.keys(KEYS), ' of a run');
  const { lock, outcome, startedAt } = report;
  if (typeof lock !== 'string')
    throw new TypeError(`The \`lock\` of a run must be a string, but is ${show(lock)}.`);
  if (!OUTCOMES.includes(outcome)) {
    throw new RangeError(
      `The \`outcome\` of a run must be one of ${OUTCOMES.join(', ')}, but is ${show(outcome)}.`,
    );
  }
  const endedAt = date('endedAt', report.endedAt ?? new Date());
  const took = endedAt.getTime() - date('startedAt', startedAt).getTime();
  return {
    ...factsOf(report),
    outcome,
    endedAt,
    duration: report.duration ?? Math.max(0, took),
    isReported: report.isReported ?? false,
  };
}

/** All that a report says, or leaves out, but how the run ended. */
export function factsOf(
  report: Omit<RunReport, 'outcome'>,
): Omit<Run, 'outcome' | 'endedAt' | 'duration' | 'isReported'> {
  const { lock, startedAt, predecessor } = report;
  return {
    id: report.id ?? null,
    lock,
    store: report.store ?? null,
    startedAt,
    exitCode: report.exitCode ?? null,
    signal: report.signal ?? null,
    reason: report.reason ?? null,
    command: report.command ?? null,
    cwd: report.cwd === undefined ? currentFolder() : report.cwd,
    host: report.host === undefined ? hostname() : report.host,
    user: report.user === undefined ? currentUser() : report.user,
    owner: report.owner ?? null,
    pid: report.pid === undefined ? process.pid : report.pid,
    fencingToken: report.fencingToken ?? null,
    progress: report.progress ?? null,
    takenOverFrom: predecessor ? takenOver(predecessor) : null,
    attempt: report.attempt ?? null,
    output: report.output ?? null,
  };
}

/** How a run ended that did not get to release its lock. `null` if a crash has left nothing about it. */
export function reportOn(
  { record, state, reason }: Predecessor,
  { lock, store }: JournalOwner,
): RunReport | null {
  if (record === null) return null;
  return {
    id: record.token,
    lock,
    store,
    outcome: state === 'dead' ? 'killed' : 'stalled',
    startedAt: record.acquiredAt ?? record.timestamp,
    endedAt: record.timestamp,
    reason,
    command: record.command,
    cwd: record.cwd,
    host: record.process.hostname,
    user: record.user,
    owner: record.owner,
    pid: record.processId,
    fencingToken: record.fencingToken,
    progress: record.progress,
    isReported: true,
  };
}

/** What a run says about whom it took its lock over from. */
function takenOver({ record, state, reason }: Predecessor): TakenOver {
  return {
    id: record?.token ?? null,
    pid: record?.processId ?? null,
    host: record?.process.hostname ?? null,
    state,
    reason,
  };
}

function date(name: string, value: unknown): Date {
  if (value instanceof Date && Number.isFinite(value.getTime())) return value;
  throw new TypeError(`The \`${name}\` of a run must be a valid date, but is ${show(value)}.`);
}
