import { hostname } from 'node:os';
import { types } from 'node:util';
import type { Predecessor } from '../core/acquire/predecessor.js';
import { refuseUnknown, show } from '../core/options/validate.js';
import { dateFrom, fencingTokenFrom, fieldsFrom, pidFrom, progressFrom } from '../core/record/record.js';
import { currentFolder, currentUser } from '../core/user-and-folder.js';
import {
  attemptFrom,
  exitCodeFrom,
  type JournalOwner,
  numberFrom,
  outcomeFrom,
  signalFrom,
  takenOverFrom,
} from './journal-line.js';
import { OUTCOMES, type Run, type RunReport, type TakenOver } from './run.js';

/** What a field of a report must be. Anything else would be read back as `null`. */
type Kind = readonly [what: string, isOne: (value: unknown) => boolean];

const TEXT: Kind = ['a string', isText];
const TIME: Kind = ['a valid date', (value) => types.isDate(value) && dateFrom(value.toJSON()) !== null];

const KINDS: Readonly<Record<keyof RunReport, Kind>> = {
  id: TEXT,
  lock: ['a string that is not empty', (value) => isText(value) && value !== ''],
  store: TEXT,
  outcome: [`one of ${OUTCOMES.join(', ')}`, (value) => outcomeFrom(value) !== null],
  startedAt: TIME,
  endedAt: TIME,
  duration: ['a number of milliseconds that is not negative', (value) => numberFrom(value) !== null],
  exitCode: ['a whole number', (value) => exitCodeFrom(value) !== null],
  signal: ["the name of a signal, such as 'SIGTERM'", (value) => signalFrom(value) !== null],
  reason: TEXT,
  command: TEXT,
  cwd: TEXT,
  host: TEXT,
  user: TEXT,
  owner: TEXT,
  pid: ['a process ID', (value) => pidFrom(value) !== null],
  fencingToken: ['the fencing token of a lock', (value) => fencingTokenFrom(value) !== null],
  progress: ['an object with a `ratio` from 0 to 1 and a `note`', isProgress],
  predecessor: ['the `predecessor` of a lock', isPredecessor],
  attempt: ['a whole number above 0', (value) => attemptFrom(value) !== null],
  output: TEXT,
  isReported: ['true or false', (value) => typeof value === 'boolean'],
};

/** Throws a `RangeError` for what a history cannot keep. */
export function checkFields(
  fields: Partial<Record<keyof RunReport, unknown>>,
  required: readonly string[] = ['lock'],
): void {
  for (const [name, [what, isOne]] of Object.entries(KINDS)) {
    const value: unknown = Reflect.get(fields, name);
    const isMissing = value === undefined || value === null;
    if (isMissing ? !required.includes(name) : isOne(value)) continue;
    throw new RangeError(`The \`${name}\` of a run must be ${what}, but is ${show(value)}.`);
  }
}

/** Checks a report, and fills in what it leaves out. Throws a `TypeError` or `RangeError`. */
export function completed(report: RunReport): Run {
  refuseUnknown(report, Object.keys(KINDS), ' of a run');
  checkFields(report, ['lock', 'outcome', 'startedAt']);
  const { outcome, startedAt } = report;
  const endedAt = report.endedAt ?? new Date();
  return {
    ...factsOf(report),
    outcome,
    endedAt,
    duration: report.duration ?? Math.max(0, endedAt.getTime() - startedAt.getTime()),
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

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isProgress(value: unknown): boolean {
  const field = fieldsFrom(value);
  return (
    field !== null && (field('ratio') ?? null) === progressFrom(value)?.ratio && isText(field('note') ?? '')
  );
}

function isPredecessor(value: unknown): boolean {
  const field = fieldsFrom(value);
  const record = field?.('record');
  const isWhole = record === null || fieldsFrom(fieldsFrom(record)?.('process')) !== null;
  return isWhole && takenOverFrom(value) !== null && isText(field?.('reason'));
}
