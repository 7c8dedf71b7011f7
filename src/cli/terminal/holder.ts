import type { LockRecord } from '../../index.js';
import { formatDuration } from './format-duration.js';
import { formatTime } from './local-time.js';
import { oneLine } from './messages.js';

/** By whom a lock is held, in one line, or until when: `is held by PID 4242 …`. */
export function describeHolding(holder: LockRecord | null, age: number): string {
  const hold = holder?.hold ?? null;
  if (holder === null || hold === null) return `is held by ${describeHolder(holder, age)}`;
  return (
    `was released ${formatDuration(age)} ago by ${describeProcess(holder)}, but counts as held for another ` +
    `${formatDuration(Math.max(0, hold - age))} (--hold-at-least)`
  );
}

/** Who holds a lock, in one line: `PID 4242 on db-1 (import.py --all in /srv/shop) since 14:03:11, last heartbeat 12 seconds ago, 40 % done`. */
export function describeHolder(holder: LockRecord | null, heartbeatAge: number): string {
  if (holder === null) return 'a process that has not yet said who it is';
  const { progress } = holder;
  const ratio = progress?.ratio ?? null;
  const note = progress?.note ?? null;
  return [
    describeProcess(holder),
    `last heartbeat ${formatDuration(heartbeatAge)} ago`,
    ratio !== null && `${Math.floor(ratio * 100)} % done`,
    note !== null && oneLine(note),
  ]
    .filter((part) => part !== false)
    .join(', ');
}

function describeProcess(holder: LockRecord): string {
  const { owner, processId, process, workers, acquiredAt, hold } = holder;
  const work = describeWork(holder);
  return [
    owner !== null && `${oneLine(owner)},`,
    `PID ${processId}`,
    process.hostname !== null && `on ${oneLine(process.hostname)}`,
    work !== '' && `(${work})`,
    // Should the holder have been killed, it is these who hold the lock.
    hold === null && describeWorkers(workers),
    acquiredAt !== null && hold === null && `since ${formatTime(acquiredAt)}`,
  ]
    .filter((part) => part !== false)
    .join(' ');
}

function describeWorkers(workers: LockRecord['workers']): string | false {
  const pids = (areGroups: boolean) =>
    workers.filter(({ group }) => (group === true) === areGroups).map(({ pid }) => pid);
  const groups = pids(true);
  const processes = pids(false);
  const names = [
    groups.length > 0 && `process group ${groups.join(', ')}`,
    processes.length > 0 && `PID ${processes.join(', ')}`,
  ].filter((name) => name !== false);
  return names.length > 0 && `with ${names.join(' and ')} at work`;
}

/** What runs, and in which folder: `./import.sh --all in /srv/shop`. Empty where the holder says neither. */
export function describeWork({ command, cwd }: Pick<LockRecord, 'command' | 'cwd'>): string {
  return [command !== null && oneLine(command), cwd !== null && `in ${oneLine(cwd)}`]
    .filter((part) => part !== false)
    .join(' ');
}
