import { setTimeout as sleep } from 'node:timers/promises';
import { abandonedClaims } from '../../core/acquire/claims-in-doubt.js';
import { AT_WORK } from '../../core/assess/judge.js';
import { formatDuration } from '../../core/describe-holder.js';
import {
  acquire,
  ErrLockBusy,
  ErrLockStore,
  type Lock,
  type Predecessor,
  type ProcessTable,
  systemClock,
} from '../../index.js';
import { withUnit } from '../grammar/parse-value.js';
import { holderLine, holdingLine } from '../terminal/holder-line.js';
import { say } from '../terminal/messages.js';
import type { Task } from './job.js';
import { loadAll } from './load-later.js';
import { shownCommand } from './options/wrapped-command.js';
import { statusOf } from './processes/pass-signals.js';
import { processesWith } from './sign/processes-with-socket.js';

/** Milliseconds between two tries to reach a database. */
const PAUSE = 1000;

/** How long, in milliseconds, a claim that a signal has interrupted may take to be answered, so that the lock is not left held. */
const CLAIM_TIMEOUT = 1000;

/** Whether to run the command. */
export type Admission =
  | { readonly is: 'held'; readonly lock: Lock }
  /** Without the lock. */
  | { readonly is: 'beside'; readonly lock: null }
  /** No: this is the exit code. */
  | { readonly is: 'over'; readonly status: number };

/** Acquires the lock, if need be by waiting, or says what happens without it. */
export async function acquireOrYield(task: Task): Promise<Admission> {
  const { recorder, signals, inheritedSocket, commandSign } = task;
  const ended: number[] = [];
  const processes = processesWith(inheritedSocket, commandSign, ended);
  const { wait, force, quiet, conflictExitCode } = task.options;
  const sayEnded = (predecessor: Predecessor | null) => {
    if (ended.length === 0 || quiet) return;
    const { record = null, heartbeatAge = 0 } = predecessor ?? {};
    const holder = record === null ? `PID ${ended.join(', ')}` : holderLine(record, heartbeatAge);
    say(`Ended the stalled holder: ${holder}.`);
  };
  try {
    const lock = await acquireOrWait(task, processes);
    sayEnded(lock.predecessor);
    return { is: 'held', lock };
  } catch (error) {
    sayEnded(null);
    if (signals.received !== null) {
      await Promise.race([abandonedClaims(), sleep(CLAIM_TIMEOUT, undefined, { ref: false })]);
      return { is: 'over', status: statusOf(signals.received) };
    }
    if (!(error instanceof ErrLockBusy)) throw error;
    if (force) {
      say(`WARNING: ${busyLine(error)}. Running alongside it anyway (--force), WITHOUT the lock.`);
      return { is: 'beside', lock: null };
    }
    if (!quiet) say(`${busyLine(error)}. Not run${wait === 0 ? '; --wait 30s waits for it' : ''}.`);
    await recorder.skipped(busyLine(error), conflictExitCode);
    return { is: 'over', status: conflictExitCode };
  }
}

async function acquireOrWait(task: Task, processes: ProcessTable): Promise<Lock> {
  const { wait, quiet } = task.options;
  try {
    return await acquireWithin(0, task, processes);
  } catch (error) {
    if (!(error instanceof ErrLockBusy) || wait === 0) throw error;
    const limit = Number.isFinite(wait) ? ` for up to ${formatDuration(wait)}` : '';
    await loadAll(task);
    if (!quiet) say(`${busyLine(error)}. Waiting${limit}.`);
    return acquirePatiently(task, processes);
  }
}

/** A database that is being restarted is usually back soon. */
async function acquirePatiently(task: Task, processes: ProcessTable): Promise<Lock> {
  const deadline = systemClock.monotonic() + task.options.wait;
  for (;;) {
    const left = Math.max(0, deadline - systemClock.monotonic());
    try {
      return await acquireWithin(left, task, processes);
    } catch (error) {
      if (!(error instanceof ErrLockStore) || task.locks.address === '' || left === 0) throw error;
      await sleep(Math.min(left, PAUSE), undefined, { signal: task.signals.aborted });
    }
  }
}

function acquireWithin(
  wait: number,
  { name, locks, command, options, signals }: Task,
  processes: ProcessTable,
): Promise<Lock> {
  return acquire(name, {
    store: locks.store,
    owner: options.owner,
    sticky: options.sticky,
    holdAtLeast: withUnit(options.holdAtLeast),
    staleTimeout: withUnit(options.staleTimeout),
    heartbeatMinimalInterval: options.heartbeatInterval,
    terminateStalled: options.killStalled,
    terminationGrace: withUnit(options.killAfter),
    command: shownCommand(command, options),
    wait,
    signal: signals.aborted,
    dependencies: { processes },
  });
}

/** The longer stale timeout counts, so a holder may have stalled by its own timeout and still be safe from this run's. */
function busyLine({ lock, holder, heartbeatAge, reason }: ErrLockBusy): string {
  if (holder === null) return `${lock} cannot be taken: ${reason}`;
  const held = `${lock} ${holdingLine(holder, heartbeatAge)}`;
  if (holder.hold !== null) return held;
  const line = reason === AT_WORK ? held : `${held}; ${reason}`;
  const timeout = holder.staleTimeout ?? Number.POSITIVE_INFINITY;
  if (heartbeatAge <= timeout) return line;
  const seconds = `${timeout / 1000}s`;
  return `${line}; it has stalled by its own stale timeout; --stale-timeout ${seconds} would take it over`;
}
