import { joined, oneLine } from '../../core/describe-holder.js';
import type { LockHistory, PastRun } from '../../history/index.js';
import { tookOf } from '../terminal/describe-outcome.js';
import { formatDateAndTime, formatTime } from '../terminal/local-time.js';
import { type Column, type GivingWay, layOut } from '../terminal/table.js';
import type { Terminal } from '../terminal/terminal.js';
import { cut, cutStart } from '../terminal/text-width.js';
import { displayName } from './names.js';

interface Row extends PastRun {
  readonly name: string;
}

const LOCK: Column<Row> = { title: 'LOCK', text: ({ name }) => name, cut: cutStart };
const PROGRESS: Column<Row> = { title: 'PROGRESS', text: progressOf, isOccasional: true };

const COLUMNS: readonly Column<Row>[] = [
  LOCK,
  { title: 'STARTED', text: ({ startedAt }) => formatDateAndTime(startedAt) },
  { title: 'TOOK', text: tookOf, isNumber: true },
  {
    title: 'OUTCOME',
    text: ({ outcome }) => outcome,
    style: ({ outcome }) => (outcome === 'succeeded' ? 'green' : 'red'),
  },
  { title: 'EXIT', text: exitOf, isNumber: true },
  { title: 'TRY', text: ({ attempt }) => String(attempt ?? ''), isNumber: true, isOccasional: true },
  PROGRESS,
  { title: 'SKIPS', text: ({ skips }) => String(skips || ''), isNumber: true, isOccasional: true },
];

const GIVING_WAY: GivingWay<Row> = [
  [PROGRESS, 12],
  [LOCK, 16],
];

/** A table of all runs in the order of their starts, and a sentence about each lock whose last attempts were skipped. Empty if nothing ran. */
export function linesOf(locks: readonly LockHistory[], terminal: Terminal): string[] {
  const rows = locks
    .flatMap((lock) => {
      const name = oneLine(displayName(lock));
      return lock.runs.map((run) => ({ ...run, name }));
    })
    // Those of one lock stay in the order in which they ended.
    .toSorted((one, other) => one.startedAt.getTime() - other.startedAt.getTime());
  const remarks = locks.flatMap(remarkOn).map((remark) => cut(remark, terminal.columns));
  return [
    ...(rows.length > 0 ? layOut(rows, COLUMNS, GIVING_WAY, terminal) : []),
    ...(rows.length > 0 && remarks.length > 0 ? [''] : []),
    ...remarks,
  ];
}

function remarkOn(lock: LockHistory): string[] {
  if (lock.skips === null) return [];
  const { count, last } = lock.skips;
  const when = lock.runs.length > 0 ? 'since' : 'so far';
  const what = count === 1 ? `1 skip ${when},` : `${count} skips ${when}, the last one`;
  return [oneLine(`${displayName(lock)}: ${what} ${formatTime(last)}.`)];
}

/** The exit status, or the signal. Empty if there is neither. */
export function exitOf({ signal, outcome, exitCode }: PastRun): string {
  if (signal !== null && outcome === 'ended-by-signal') return signal;
  return exitCode === null ? '' : String(exitCode);
}

/** What the last heartbeat reported. */
export function progressOf({ progress }: PastRun): string {
  const { ratio = null, note = null } = progress ?? {};
  return joined('  ', ratio !== null && `${Math.floor(ratio * 100)} %`, note !== null && oneLine(note));
}
