import { formatDuration, joined, oneLine } from '../../core/describe-holder.js';
import { formatTook } from '../terminal/age.js';
import { tookOf } from '../terminal/describe-outcome.js';
import { formatTime } from '../terminal/local-time.js';
import type { Terminal } from '../terminal/terminal.js';
import { cut } from '../terminal/text-width.js';
import { estimateOf } from './estimate.js';
import type { LockStatus } from './lock-status.js';
import { table } from './table.js';

/** The locks for people, line by line: a table, and a sentence about each stale one. */
export function frameOf(locks: readonly LockStatus[], place: () => string, terminal: Terminal): string[] {
  if (locks.length === 0) return [cut(`No locks in ${place()}.`, terminal.columns)];
  const remarks = [
    ...locks.filter(({ state }) => state !== 'free' && state !== 'live').map(remarkOn),
    ...locks.flatMap(pastOf),
  ];
  return [
    ...table(locks, terminal),
    ...(remarks.length > 0 ? [''] : []),
    ...remarks.map((remark) => cut(oneLine(remark), terminal.columns)),
  ];
}

function remarkOn(lock: LockStatus): string {
  const { name, state, reason, cooldownMs } = lock;
  if (cooldownMs !== null) {
    return `${name} counts as held for another ${formatDuration(cooldownMs)}, although its run has ended (--hold-at-least).`;
  }
  if (state === 'foreign')
    return `${name} is foreign: ${reason}. No run can take it; give the lock another path.`;
  const unless = state === 'stalled' ? obstaclesTo(lock) : '';
  return `${name} is ${state}: ${reason}. The next run takes over${unless && `, unless ${unless}`}.`;
}

/** What keeps the next run from taking over a lock whose holder has stalled. */
function obstaclesTo({ staleTimeoutMs, processes, host }: LockStatus): string {
  const unseen = processes.find(({ liveness }) => liveness === 'unknown');
  return joined(
    ', or ',
    // The longer stale timeout counts, the holder's or the contender's.
    staleTimeoutMs !== null && `its --stale-timeout is longer than ${formatDuration(staleTimeoutMs)}`,
    unseen !== undefined &&
      `it has --kill-stalled and cannot end PID ${unseen.pid}${host === null ? '' : ` on ${host}`}`,
  );
}

/**
 * `backup, last: succeeded 03:00:01, took 4m 12s, 3 skips`, and of a lock that is held how long its runs usually take, and when this one is likely
 * to end.
 */
function pastOf(lock: LockStatus): string[] {
  const { name, state, lastRun, skips, usualDurationMs } = lock;
  const past = lastRun && [
    `last: ${lastRun.outcome} ${formatTime(lastRun.startedAt)}`,
    `took ${tookOf({ ...lastRun, duration: lastRun.durationMs })}`,
    skips > 0 && (skips === 1 ? '1 skip' : `${skips} skips`),
    state === 'live' && usualDurationMs !== null && `usually takes ${formatTook(usualDurationMs)}`,
  ];
  const all = joined(', ', ...(past ?? []), estimateOf(lock));
  return all === '' ? [] : [`${name}, ${all}`];
}
