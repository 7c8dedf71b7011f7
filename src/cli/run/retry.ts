import { isatty } from 'node:tty';
import { MOST_LATE } from '../../core/acquire/acquire.js';
import { formatDuration } from '../../core/describe-holder.js';
import type { RunOutcome } from '../../history/index.js';
import { ErrLockLost, ErrLockStore, type Lock, systemClock, type Worker } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { say } from '../terminal/messages.js';
import type { RunEnd } from './exit-status.js';
import type { Job } from './job.js';
import type { RunSettings } from './options/run-options.js';
import type { Signals } from './processes/pass-signals.js';
import type { CommandSign } from './sign/command-sign.js';

/** A pause is lengthened at random by up to this fraction, so that many machines do not retry in step. */
const SPREAD = 0.25;

/** How often, and how many milliseconds apart, to try to write to the lock before the next attempt. */
const MOST_TRIES = 10;
const PAUSE = 500;

/** Outcomes that a retry may change. Nothing is left of the command after any of them. */
const PASSING: ReadonlySet<RunOutcome> = new Set(['failed', 'ended-by-signal', 'stalled', 'timed-out']);

/** Whether a command that has ended like this may run again: nobody wants it to stop, and nobody else has its lock. */
export function isRepeatable(
  { outcome, isOutputLost }: RunEnd,
  { lock, signals }: Pick<Job, 'lock' | 'signals'>,
): boolean {
  return (
    PASSING.has(outcome) &&
    isOutputLost !== true &&
    signals.received === null &&
    lock?.signal.aborted !== true
  );
}

/** What is left of one attempt before the next. */
type Between = Pick<Job, 'lock' | 'inheritedSocket'> & {
  readonly commandSign: Pick<CommandSign, 'end'>;
};

/** Waits before the next attempt, and keeps the lock. Ends early if the lock is lost or a signal arrives. */
export async function pauseBeforeRetry({
  lock,
  inheritedSocket,
  commandSign,
  signals,
  options,
}: Between & Pick<Job, 'signals' | 'options'>): Promise<void> {
  const until = systemClock.monotonic() + options.retryDelay * (1 + SPREAD * Math.random());
  const ends = lock === null ? signals.aborted : AbortSignal.any([signals.aborted, lock.signal]);
  // It is tried again before the command starts.
  await renewSocket(inheritedSocket, commandSign).catch(() => {});
  // Should this process be killed in the pause, then neither a command that has ended nor a daemon that it has left may keep the lock.
  await keep(() => lock?.setWorkers(inheritedSocket === null ? [] : [process.pid]));
  // Should it exit, then being named must not keep the lock either.
  const unname = () => void keep(() => lock?.setWorkers([]));
  process.once('exit', unname);
  try {
    for (;;) {
      const left = until - systemClock.monotonic();
      if (left <= 0 || ends.aborted) return;
      await systemClock.sleep(Math.min(left, options.heartbeatInterval), { signal: ends }).catch(() => {});
      await keep(() => lock?.heartBeat());
    }
  } finally {
    process.removeListener('exit', unname);
  }
}

/**
 * Must be called before the command is started again: the lock must show that it lives, should this process be killed before the lock names it. The
 * socket of the attempt before is closed, and its keeper keeps the lock for that one only.
 */
export async function renew({
  lock,
  inheritedSocket,
  commandSign,
  options,
}: Between & { readonly options: Pick<RunSettings, 'staleTimeout'> }): Promise<void> {
  await renewSocket(inheritedSocket, commandSign);
  if (inheritedSocket === null || lock === null) return;
  for (let tries = 1; ; tries++) {
    try {
      return await confirm(lock, [process.pid], options.staleTimeout);
    } catch (error) {
      // The lock is still held, and the disk may have room again soon.
      if (!(error instanceof ErrLockStore) || tries === MOST_TRIES) throw error;
      if (tries === 1) say(messageOf(error));
      await systemClock.sleep(PAUSE);
    }
  }
}

async function renewSocket(
  inheritedSocket: Between['inheritedSocket'],
  commandSign: Between['commandSign'],
): Promise<void> {
  await commandSign.end();
  await inheritedSocket?.renew();
}

/**
 * Names these workers in the lock, which is a heartbeat, before the command starts. If that took longer than the stale timeout, the heartbeat may
 * have been stale as soon as it was written, and another run may have taken over. The next one finds out.
 */
export async function confirm(lock: Lock, workers: readonly Worker[], staleTimeout: number): Promise<void> {
  for (let late = 0; ; late++) {
    const begunAt = systemClock.monotonic();
    await lock.setWorkers(workers);
    if (systemClock.monotonic() - begunAt < staleTimeout || late === MOST_LATE) return;
  }
}

/** The lock's own signal reports a loss. */
async function keep(write: () => Promise<void> | undefined): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ErrLockLost)) say(messageOf(error));
  }
}

/** Waits before the lock is acquired, so that many machines do not start in the same second. A signal ends it. */
export async function pauseAtRandom(
  { jitter, quiet }: Pick<RunSettings, 'jitter' | 'quiet'>,
  signals: Pick<Signals, 'aborted'>,
): Promise<void> {
  if (jitter === 0) return;
  const pause = jitter * Math.random();
  // In a log it would be noise, and cron would send a mail.
  if (isatty(2) && !quiet) say(`Starting in ${formatDuration(pause)} (--jitter).`);
  await systemClock.sleep(pause, { signal: signals.aborted }).catch(() => {});
}
