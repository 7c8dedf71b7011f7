import { setTimeout as sleep } from 'node:timers/promises';
import { AT_WORK } from '../../core/assess/judge.js';
import { formatDuration } from '../../core/describe.js';
import { abandonedClaims } from '../../core/in-doubt.js';
import {
  acquire,
  ErrLockBusy,
  ErrLockStore,
  type Lock,
  type ProcessTable,
  systemClock,
} from '../../index.js';
import { withUnit } from '../grammar/parse-duration.js';
import type { Locks } from '../stores/locks.js';
import { describeHolding } from '../terminal/holder.js';
import { say } from '../terminal/messages.js';
import { shownCommand } from './command-line.js';
import type { Job } from './job.js';
import { type Signals, statusOf } from './signals.js';

/** Milliseconds between two tries to reach a database. */
const PAUSE = 1000;

/** How long, in milliseconds, a claim that a signal has interrupted may take to be answered, so that the lock is not left held. */
const CLAIM_TIMEOUT = 1000;

/** The lock; `null` to run the command without it; or an exit code, not to run the command. */
export async function acquireOrYield(
  name: string,
  locks: Locks,
  { command, options, recorder }: Pick<Job, 'command' | 'options' | 'recorder'>,
  signals: Signals,
  processes: ProcessTable,
): Promise<Lock | null | number> {
  const { wait, force, quiet, conflictExitCode, killAfter } = options;
  const acquireWithin = (duration: number) =>
    acquire(name, {
      store: locks.store,
      owner: options.owner,
      sticky: options.sticky,
      holdAtLeast: withUnit(options.holdAtLeast),
      staleTimeout: withUnit(options.staleTimeout),
      heartbeatMinimalInterval: options.heartbeatInterval,
      terminateStalled: options.killStalled,
      terminationGrace: withUnit(killAfter),
      command: shownCommand(command, options),
      wait: duration,
      signal: signals.aborted,
      dependencies: { processes },
    });
  // A database that is being restarted is usually back soon.
  const acquirePatiently = async (duration: number) => {
    const deadline = systemClock.monotonic() + duration;
    for (;;) {
      const left = Math.max(0, deadline - systemClock.monotonic());
      try {
        return await acquireWithin(left);
      } catch (error) {
        if (!(error instanceof ErrLockStore) || locks.address === '' || left === 0) throw error;
        await sleep(Math.min(left, PAUSE), undefined, { signal: signals.aborted });
      }
    }
  };
  try {
    return await acquireWithin(0).catch((error) => {
      if (!(error instanceof ErrLockBusy) || wait === 0) throw error;
      if (!quiet)
        say(
          `${busyLine(error)}. Waiting${Number.isFinite(wait) ? ` for up to ${formatDuration(wait)}` : ''}.`,
        );
      return acquirePatiently(wait);
    });
  } catch (error) {
    if (signals.received !== null) {
      await Promise.race([abandonedClaims(), sleep(CLAIM_TIMEOUT, undefined, { ref: false })]);
      return statusOf(signals.received);
    }
    if (!(error instanceof ErrLockBusy)) throw error;
    if (force) {
      say(`WARNING: ${busyLine(error)}. Running alongside it anyway (--force), WITHOUT the lock.`);
      return null;
    }
    if (!quiet) say(`${busyLine(error)}. Not run${wait === 0 ? '; --wait 30s waits for it' : ''}.`);
    await recorder.skipped(busyLine(error), conflictExitCode);
    return conflictExitCode;
  }
}

/** The longer stale timeout counts, so a holder may have stalled by its own timeout and still be safe from this run's. */
function busyLine({ lock, holder, heartbeatAge, reason }: ErrLockBusy): string {
  if (holder === null) return `${lock} cannot be taken: ${reason}`;
  const held = `${lock} ${describeHolding(holder, heartbeatAge)}`;
  if (holder.hold !== null) return held;
  const line = reason === AT_WORK ? held : `${held}; ${reason}`;
  const timeout = holder.staleTimeout ?? Number.POSITIVE_INFINITY;
  if (heartbeatAge <= timeout) return line;
  const seconds = `${timeout / 1000}s`;
  return `${line}; it has stalled by its own stale timeout, and --stale-timeout ${seconds} takes it over`;
}
