import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockLost, ErrLockStore, type Lock, systemClock } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { ExitCode } from '../errors/exit-codes.js';
import { PING_VARIABLE } from '../notify/notify-options.js';
import type { Locks } from '../stores/locks.js';
import { said, say } from '../terminal/messages.js';
import { describeLoss } from './describe-loss.js';
import { NOT_STARTED, type RunEnd } from './exit-status.js';
import type { Job } from './job.js';
import { isOfOneMachine } from './options/run-options.js';
import { modeFor, type OutputRoute, routeFor } from './output/output-route.js';
import { endAndWait } from './processes/end-command.js';
import { type Signals, statusOf, turn } from './processes/pass-signals.js';
import { isNoPlaceForALock } from './recorder.js';
import { confirm, isRepeatable, pauseBeforeRetry, renew } from './retry.js';
import { RunAttempt } from './run-attempt.js';
import { givenEnvironment } from './start/given-environment.js';
import { callingBack, LAUNCHER } from './start/livinglock-for-command.js';
import { notStarted, type Started, start } from './start/start-command.js';

/** How long, and how often, to try to release a lock in a database that is away, in milliseconds. */
const RELEASE_TIMEOUT = 30_000;
const RELEASE_PAUSE = 1000;

/** One command under one lock, from its start until nothing of it is left. */
export class Supervision {
  readonly #job: Job;
  #isLossKnown = false;
  #attempt = 1;
  #end: RunEnd = NOT_STARTED;

  constructor(job: Job) {
    this.#job = job;
  }

  /** How it has ended, for the history. */
  get end(): RunEnd {
    return this.#end;
  }

  async toTheEnd(): Promise<number> {
    const { lock, name, locks, recorder, signals } = this.#job;
    const status = await this.#runRepeatedly();
    const wasHeld = lock?.signal.aborted === false;
    await recorder.beforeRelease();
    try {
      await releasePatiently(lock, locks, signals);
    } catch (error) {
      if (!(error instanceof ErrLockLost)) return this.#giveUp(error, status);
      const isStarted = this.#end.outcome !== 'not-started';
      if (isStarted && wasHeld && !error.isCertain) return this.#giveUp(silenceOf(error), status);
      const reason = describeLoss(name, error);
      if (!this.#isLossKnown) say(`${reason}${isStarted ? '' : ' The command was not started.'}`);
      if (isStarted) this.#end = { ...this.#end, outcome: 'lost', reason };
      return ExitCode.lost;
    }
    return status;
  }

  async #runRepeatedly(): Promise<number> {
    const { recorder, options, output } = this.#job;
    for (; ; this.#attempt++) {
      const status = await this.#runAttempt();
      if (this.#attempt > options.retry || !isRepeatable(this.#end, this.#job)) return status;
      await recorder.attempted(this.#end, status);
      output?.attempted(status);
      await pauseBeforeRetry(this.#job);
      recorder.beginAgain();
      this.#end = NOT_STARTED;
    }
  }

  get #isRepeated(): boolean {
    return this.#attempt > 1;
  }

  /** A signal that arrives before the command exists ends the run before it begins. */
  async #runAttempt(): Promise<number> {
    const { lock, signals, options } = this.#job;
    let started: Started;
    try {
      const preparation = await this.#prepare();
      if (this.#isRepeated) await renew(this.#job);
      // Signals that arrived while this process was busy are delivered by the event loop.
      await turn();
      await said(signals.aborted);
      if (signals.received !== null) {
        this.#end = { ...NOT_STARTED, signal: signals.received };
        return statusOf(signals.received);
      }
      lock?.signal.throwIfAborted();
      started = await this.#start(...preparation);
      if (this.#attempt > options.retry) this.#job.leaveInput();
    } catch (error) {
      // The release reports it. Of the first attempt nothing has run.
      if (error instanceof ErrLockLost) {
        if (this.#isRepeated) this.#end = { outcome: 'lost', signal: null };
        return ExitCode.lost;
      }
      await lock?.release().catch(() => {});
      throw error;
    }
    try {
      const { status, end } = await new RunAttempt(this.#job, started).toTheEnd();
      this.#end = end;
      this.#isLossKnown = end.outcome === 'lost';
      return status;
    } catch (error) {
      if (started.openGate === null) this.#end = { outcome: 'failed', signal: null };
      if (!started.group.isGone())
        say(`The runner has failed, and is ending the command: ${messageOf(error)}`);
      // Nobody watches it any longer. Until all of it is gone, it keeps the lock.
      await endAndWait(started.group, options.killAfter, lock)
        .then(() => lock?.release())
        .catch(() => {});
      throw error;
    }
  }

  /**
   * How its output goes, and the variables with which it calls `livinglock`: what a slow disk may hold up, for so long that another run takes over
   * meanwhile. So the lock is confirmed afterwards, before the command starts.
   */
  async #prepare(): Promise<[route: OutputRoute, variables: NodeJS.ProcessEnv]> {
    const { lock, recorder, output, options } = this.#job;
    const { knowsPredecessor } = recorder;
    if (knowsPredecessor) await recorder.recordPredecessor();
    const route = routeFor(output?.mode ?? modeFor(options, false));
    output?.prepare(route.count);
    const variables = callingBack();
    const isFileMade = variables['LIVINGLOCK'] !== LAUNCHER;
    const mayBeLate = knowsPredecessor || output !== null || route.count > 0 || isFileMade;
    if (lock !== null && mayBeLate) await this.#confirm(lock);
    return [route, variables];
  }

  /** The command's exit status matters more than a lock that could not be released: a reported failure would make someone start it again. */
  #giveUp(error: unknown, status: number): number {
    if (!(error instanceof ErrLockStore)) throw error;
    const next = isOfOneMachine(this.#job.options.store)
      ? 'The next run takes over its lock.'
      : 'The next run on this machine takes over its lock; runs elsewhere can once it is stale.';
    say(
      `${error.message} The command has exited with ${status}.${isNoPlaceForALock(error) ? '' : ` ${next}`}`,
    );
    return status;
  }

  /** With the workers that are named since the pause before a retry. */
  #confirm(lock: Lock): Promise<void> {
    const { inheritedSocket, options } = this.#job;
    const workers = this.#isRepeated && inheritedSocket !== null ? [process.pid] : [];
    return confirm(lock, workers, options.staleTimeout);
  }

  async #start(output: OutputRoute, variables: NodeJS.ProcessEnv): Promise<Started> {
    const { lock, name, locks, command, options, descriptors, inheritedSocket, commandSign } = this.#job;
    // A run within the command must not ping for it.
    const { [PING_VARIABLE]: _, ...ours } = givenEnvironment();
    const env = {
      ...ours,
      ...variables,
      LIVINGLOCK_PATH: name,
      LIVINGLOCK_HELD_IN: locks.address,
      LIVINGLOCK_RUNNER: String(process.pid),
      LIVINGLOCK_TOKEN: lock?.token ?? '',
      LIVINGLOCK_FENCING_TOKEN: String(lock?.fencingToken ?? ''),
    };
    // To start a process may take longer than the stale timeout.
    if (lock !== null && (await commandSign.begin(lock, inheritedSocket, descriptors)))
      await this.#confirm(lock);
    try {
      const { ignoreHangup } = options;
      const started = await start(command, { env, output, descriptors, inheritedSocket, ignoreHangup });
      commandSign.tell(started.group);
      return started;
    } catch (error) {
      throw notStarted(command[0] ?? '', error);
    }
  }
}

/** For a lock whose store has been silent for so long that it counts as lost. */
function silenceOf({ lock, cause }: ErrLockLost): ErrLockStore {
  const last = cause === undefined ? '' : ` The last error: ${messageOf(cause)}`;
  const message = `Cannot release the lock ${lock}: its store does not answer.${last}`;
  return new ErrLockStore(lock, 'ETIMEDOUT', message, { isInDoubt: true });
}

/**
 * Releases the lock. Waits for a database that is being restarted, until a signal arrives: otherwise the runs on other servers would have to wait for the
 * stale timeout.
 */
export async function releasePatiently(
  lock: Lock | null,
  { address }: Locks,
  signals: Pick<Signals, 'passTo'>,
): Promise<void> {
  const giveUpAt = systemClock.monotonic() + (address === '' ? 0 : RELEASE_TIMEOUT);
  const over = new AbortController();
  signals.passTo(() => over.abort());
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await lock?.release();
    } catch (error) {
      const isLate = over.signal.aborted || systemClock.monotonic() >= giveUpAt;
      if (error instanceof ErrLockLost || isLate) throw error;
      if (isFirst)
        say(
          `${messageOf(error)} The command is over. Trying for ${RELEASE_TIMEOUT / 1000} seconds to release its lock.`,
        );
    }
    await sleep(RELEASE_PAUSE, undefined, { signal: over.signal }).catch(() => {});
  }
}
