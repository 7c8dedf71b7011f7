import { describeWork, joined, oneLine } from '../../core/describe-holder.js';
import { timeHeld } from '../jobs/job-figures.js';
import { formatAge } from '../terminal/age.js';
import { type Column, type GivingWay, layOut } from '../terminal/table.js';
import type { Style, Terminal } from '../terminal/terminal.js';
import { cutStart } from '../terminal/text-width.js';
import type { LockStatus } from './lock-status.js';

const COLORS: Readonly<Record<LockStatus['state'], Style>> = {
  free: 'dim',
  live: 'green',
  cooldown: 'green',
  stalled: 'yellow',
  dead: 'red',
  foreign: 'red',
};

const LOCK: Column<LockStatus> = { title: 'LOCK', text: ({ name }) => oneLine(name), cut: cutStart };
const WORKERS: Column<LockStatus> = { title: 'WORKERS', text: workers, isOccasional: true };
const OWNER: Column<LockStatus> = {
  title: 'OWNER',
  text: ({ owner }) => oneLine(owner ?? ''),
  isOccasional: true,
};
const HOST: Column<LockStatus> = { title: 'HOST', text: ({ host }) => oneLine(host ?? '') };
const COMMAND: Column<LockStatus> = { title: 'COMMAND', text: describeWork };
const PROGRESS: Column<LockStatus> = {
  title: 'PROGRESS',
  text: ({ progress }) => formatProgress(progress),
  isOccasional: true,
};

const COLUMNS: readonly Column<LockStatus>[] = [
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

const GIVING_WAY: GivingWay<LockStatus> = [
  [COMMAND, 20],
  [PROGRESS, 26],
  [WORKERS, 12],
  [OWNER, 12],
  [LOCK, 16],
  [HOST, 8],
  [PROGRESS, 18],
  [COMMAND, 8],
];

const BAR_LENGTH = 10;

/** A line with titles, and one for each lock. None is wider than the terminal. */
export function table(locks: readonly LockStatus[], terminal: Terminal): string[] {
  return layOut(locks, COLUMNS, GIVING_WAY, terminal);
}

function holder({ pid, state, processes }: LockStatus): string {
  const process = processes.find(({ role }) => role === 'holder');
  if (process !== undefined) return describeProcess(process, state);
  return pid === null ? '' : String(pid);
}

/** Leaves out the holder, which is its own worker as long as there is no other. */
function workers({ pid: holder, state, processes }: LockStatus): string {
  return processes
    .filter(({ role, pid, isGroup }) => role === 'worker' && (isGroup || pid !== holder))
    .map((process) => describeProcess(process, state))
    .join(', ');
}

/** Leaves out the obvious: that a process lives, and that the process of a dead lock does not. */
function describeProcess(
  { pid, isGroup, liveness }: LockStatus['processes'][number],
  state: LockStatus['state'],
): string {
  const name = isGroup ? `group ${pid}` : String(pid);
  return liveness === 'alive' || state === 'dead' ? name : `${name} (${liveness})`;
}

function heldFor({ acquiredAt, heartbeatAt, heartbeatAgeMs }: LockStatus): string {
  const time = timeHeld(acquiredAt, heartbeatAt, heartbeatAgeMs);
  return time === null ? '' : formatAge(time);
}

function lastHeartbeat({ heartbeatAgeMs }: LockStatus): string {
  return heartbeatAgeMs === null ? '' : `${formatAge(heartbeatAgeMs)} ago`;
}

/** In ASCII, because Unicode block characters take one column on some terminals and two on others. */
function formatProgress(progress: LockStatus['progress']): string {
  const { ratio = null, note = null } = progress ?? {};
  return joined('  ', ratio !== null && bar(ratio), note !== null && oneLine(note));
}

function bar(ratio: number): string {
  const done = Math.floor(ratio * BAR_LENGTH);
  const percent = `${Math.floor(ratio * 100)} %`.padStart(5);
  return `[${'#'.repeat(done)}${'.'.repeat(BAR_LENGTH - done)}] ${percent}`;
}
