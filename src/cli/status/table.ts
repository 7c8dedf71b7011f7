import { describeWork, oneLine } from '../../core/describe.js';
import type { Style, Terminal } from '../terminal/terminal.js';
import { cut, cutStart, filling, widthOf } from '../terminal/text-width.js';
import { formatAge } from './age.js';
import type { LockStatus, ProcessStatus } from './lock-status.js';

interface Column {
  readonly title: string;
  /** Empty if there is nothing to say. */
  readonly text: (lock: LockStatus) => string;
  readonly style?: (lock: LockStatus) => Style;
  readonly isNumber?: boolean;
  /** Truncates a text that is too long. */
  readonly cut?: (text: string, columns: number) => string;
}

const COLORS: Readonly<Record<LockStatus['state'], Style>> = {
  free: 'dim',
  live: 'green',
  cooldown: 'green',
  stalled: 'yellow',
  dead: 'red',
  foreign: 'red',
};

const LOCK: Column = { title: 'LOCK', text: ({ name }) => oneLine(name), cut: cutStart };
const WORKERS: Column = { title: 'WORKERS', text: workers };
const OWNER: Column = { title: 'OWNER', text: ({ owner }) => oneLine(owner ?? '') };
const HOST: Column = { title: 'HOST', text: ({ host }) => oneLine(host ?? '') };
const COMMAND: Column = { title: 'COMMAND', text: describeWork };
const PROGRESS: Column = { title: 'PROGRESS', text: ({ progress }) => formatProgress(progress) };

const COLUMNS: readonly Column[] = [
  LOCK,
  { title: 'STATE', text: ({ state }) => state, style: ({ state }) => COLORS[state] },
  { title: 'PID', text: holder, isNumber: true },
  WORKERS,
  OWNER,
  HOST,
  COMMAND,
  { title: 'HELD FOR', text: heldFor, isNumber: true },
  { title: 'HEARTBEAT', text: lastHeartbeat, isNumber: true },
  PROGRESS,
];

/** Columns that most locks leave empty; shown if any lock fills them. */
const OCCASIONAL: ReadonlySet<Column> = new Set([WORKERS, OWNER, PROGRESS]);

/** Columns that shrink if the table is too wide, in this order, and the width that each keeps. */
const GIVING_WAY: readonly (readonly [Column, number])[] = [
  [COMMAND, 20],
  [PROGRESS, 26],
  [WORKERS, 12],
  [OWNER, 12],
  [LOCK, 16],
  [HOST, 8],
  [PROGRESS, 18],
  [COMMAND, 8],
];

const GAP = '  ';
const BAR_LENGTH = 10;

/** A line with titles, and one for each lock. None is wider than the terminal. */
export function table(locks: readonly LockStatus[], terminal: Terminal): string[] {
  const rows = locks.map((lock) => ({
    lock,
    texts: new Map(COLUMNS.map((column) => [column, column.text(lock)])),
  }));
  const columns = COLUMNS.filter(
    (column) => !OCCASIONAL.has(column) || rows.some(({ texts }) => texts.get(column) !== ''),
  );
  const natural = columns.map((column): [Column, number] => {
    const widths = rows.map(({ texts }) => widthOf(texts.get(column) ?? ''));
    return [column, Math.max(widthOf(column.title), ...widths)];
  });
  const widths = giveWay(new Map(natural), terminal.columns);
  return [
    line(
      widths,
      terminal.columns,
      ({ title }) => title,
      (text) => terminal.paint('bold', text),
    ),
    ...rows.map(({ lock, texts }) =>
      line(
        widths,
        terminal.columns,
        (column) => texts.get(column) || '-',
        (text, { style }) => (style === undefined ? text : terminal.paint(style(lock), text)),
      ),
    ),
  ];
}

/** The widths of the columns, after those that can shrink have done so. */
function giveWay(natural: ReadonlyMap<Column, number>, room: number): ReadonlyMap<Column, number> {
  const widths = new Map(natural);
  const taken = [...widths.values()].reduce((sum, width) => sum + width, GAP.length * (widths.size - 1));
  let excess = taken - room;
  for (const [column, kept] of GIVING_WAY) {
    const width = widths.get(column) ?? 0;
    const cut = Math.min(width - kept, excess);
    if (cut <= 0) continue;
    widths.set(column, width - cut);
    excess -= cut;
  }
  return widths;
}

/** Columns that do not fit even then are left out, from the right. */
function line(
  widths: ReadonlyMap<Column, number>,
  room: number,
  textOf: (column: Column) => string,
  paint: (text: string, column: Column) => string,
): string {
  const parts: string[] = [];
  let left = room;
  for (const [column, width] of widths) {
    if (left <= 0) break;
    const text = (column.cut ?? cut)(textOf(column), Math.min(width, left));
    const spaces = filling(text, Math.min(width, left));
    const painted = paint(text, column);
    parts.push(column.isNumber ? `${spaces}${painted}` : `${painted}${spaces}`);
    left -= width + GAP.length;
  }
  return parts.join(GAP).trimEnd();
}

function holder({ pid, state, processes }: LockStatus): string {
  const process = processes.find(({ role }) => role === 'holder');
  if (process !== undefined) return describeProcess(process, state);
  return pid === null ? '' : String(pid);
}

function workers({ state, processes }: LockStatus): string {
  return processes
    .filter(({ role }) => role === 'worker')
    .map((process) => describeProcess(process, state))
    .join(', ');
}

/** Leaves out the obvious: that a process lives, and that the process of a dead lock does not. */
function describeProcess({ pid, isGroup, liveness }: ProcessStatus, state: LockStatus['state']): string {
  const name = isGroup ? `group ${pid}` : String(pid);
  return liveness === 'alive' || state === 'dead' ? name : `${name} (${liveness})`;
}

function heldFor({ acquiredAt }: LockStatus): string {
  return acquiredAt === null ? '' : formatAge(Date.now() - Date.parse(acquiredAt));
}

function lastHeartbeat({ heartbeatAgeMs }: LockStatus): string {
  return heartbeatAgeMs === null ? '' : `${formatAge(heartbeatAgeMs)} ago`;
}

/** In ASCII, because Unicode block characters take one column on some terminals and two on others. */
function formatProgress(progress: LockStatus['progress']): string {
  if (progress === null) return '';
  const { ratio, note } = progress;
  const parts = [ratio === null ? '' : bar(ratio), oneLine(note ?? '')];
  return parts.filter((part) => part !== '').join('  ');
}

function bar(ratio: number): string {
  const done = Math.floor(ratio * BAR_LENGTH);
  const percent = `${Math.floor(ratio * 100)} %`.padStart(5);
  return `[${'#'.repeat(done)}${'.'.repeat(BAR_LENGTH - done)}] ${percent}`;
}
