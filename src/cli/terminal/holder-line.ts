import { hostname } from 'node:os';
import { describeHolder, describeHolding, joined, oneLine } from '../../core/describe-holder.js';
import type { LockRecord } from '../../index.js';
import { formatTime } from './local-time.js';

/** Who holds a lock, or until when it counts as held, in one line: `is held by PID 4242 …`. */
export function holdingLine(holder: LockRecord | null, age: number): string {
  return describeHolding(holder, age, { holdAtLeast: '--hold-at-least', more: moreOf(holder) });
}

/** Who holds a lock, in one line: `PID 4242 on db-1 (import.py --all in /srv/shop) since 14:03:11, last heartbeat 12 seconds ago, 40 % done`. */
export function holderLine(holder: LockRecord | null, heartbeatAge: number): string {
  return describeHolder(holder, heartbeatAge, moreOf(holder));
}

/** The machine of a holder; `null` if it is this one, or if the holder does not say. */
export function otherHost({ process }: LockRecord): string | null {
  const host = process.hostname;
  return host === null || host === hostname() ? null : oneLine(host);
}

function moreOf(holder: LockRecord | null): string {
  if (holder === null) return '';
  const { processId, workers, acquiredAt } = holder;
  // If the holder was killed, its workers hold the lock.
  const others = workers.filter(({ pid, group }) => group === true || pid !== processId);
  return joined(' ', describeWorkers(others), acquiredAt !== null && `since ${formatTime(acquiredAt)}`);
}

/** `with PID 4242 at work`; empty without workers. */
function describeWorkers(workers: LockRecord['workers']): string {
  const pids = (areGroups: boolean) =>
    workers.filter(({ group }) => (group === true) === areGroups).map(({ pid }) => pid);
  const groups = pids(true);
  const processes = pids(false);
  const names = joined(
    ' and ',
    groups.length > 0 && `process group ${groups.join(', ')}`,
    processes.length > 0 && `PID ${processes.join(', ')}`,
  );
  return names && `with ${names} at work`;
}
