import { describeProgress, formatDuration } from '../../core/describe-holder.js';
import { ErrLockLost, type Progress } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { say } from '../terminal/messages.js';
import { describeLoss } from './describe-loss.js';
import { type Exit, judgeExit, type RunEnd } from './exit-status.js';
import type { Job } from './job.js';
import { OutputPassage } from './output/pass-output.js';
import { CommandEnder, type Reason } from './processes/end-command.js';
import { isOfTheKeyboard, turn } from './processes/pass-signals.js';
import { waitForSurvivors } from './processes/wait-for-survivors.js';
import { describeMissingProof, hintOn } from './proof/proof.js';
import { proofCheckFor } from './proof/proof-checks.js';
import { StallWatch } from './proof/stall-watch.js';
import type { Started } from './start/start-command.js';

/** Milliseconds between two tries to name the command in the lock. */
const NAMING_PAUSE = 500;

/** A command that has been started, until nothing of it is left. */
export class RunAttempt {
  readonly #job: Job;
  readonly #started: Started;
  readonly #ending: CommandEnder;
  readonly #watch: StallWatch;
  readonly #passages: readonly OutputPassage[];
  /** Why the command is being ended, in words. */
  #reason: string | null = null;
  /** What it has not done for too long, if it is to go on nevertheless. */
  #warnedStall: string | null = null;
  /** The same, once a signal has arrived during it: from --kill-stalled of another run, or from somebody who has seen the warning. */
  #signalledStall: string | null = null;

  constructor(job: Job, started: Started) {
    this.#job = job;
    this.#started = started;
    this.#ending = new CommandEnder(started.group, job.options.killAfter);
    this.#watch = this.#watchProof();
    const prove = () => this.#watch.prove();
    this.#passages = started.output.map(
      (read) => new OutputPassage(read, prove, job.output?.outletFor(read)),
    );
  }

  /** How it ended: for whoever started the runner, and for the history. */
  async toTheEnd(): Promise<{ status: number; end: RunEnd }> {
    const { lock, recorder } = this.#job;
    const { exited, group } = this.#started;
    const onLoss = () => this.#stop('lost');
    try {
      lock?.signal.addEventListener('abort', onLoss);
      // It may have been lost while the command was started.
      if (lock?.signal.aborted === true) onLoss();
      this.#limitTime();
      this.#passSignals();
      await this.#name();
      recorder.started();
      const exit = await exited;
      await waitForSurvivors(group, lock);
      await this.#drain();
      return this.#endAfter(exit);
    } finally {
      lock?.signal.removeEventListener('abort', onLoss);
      this.#watch.stop();
      this.#ending.stop();
    }
  }

  #watchProof(): StallWatch {
    const { lock, locks, options } = this.#job;
    const { proof, staleTimeout, heartbeatInterval } = options;
    return new StallWatch({
      lock,
      staleTimeout,
      heartbeatInterval,
      check: proofCheckFor(proof, lock, locks.store),
      onStall: (silence) => this.#stalled(silence),
    });
  }

  #stalled(silence: number): void {
    if (this.#ending.reason !== null) return;
    const { proof, onStall } = this.#job.options;
    const isHeldUp = this.#passages.some((passage) => passage.isHeldUp);
    const reason = `${describeMissingProof(proof, isHeldUp)} for ${formatDuration(silence)}`;
    const hint = hintOn(proof, isHeldUp);
    const stall = `The command has stalled: ${reason}.`;
    void this.#job.recorder.stalled(reason).then(tellProgress);
    if (onStall === 'warn') {
      this.#warnedStall = reason;
      say(`${stall} It keeps running (--on-stall warn), and the next run may take over.${hint}`);
    } else {
      this.#reason = reason;
      this.#stop('stalled');
      say(`${stall} Ending it.${hint}`);
    }
  }

  #limitTime(): void {
    const { timeout } = this.#job.options;
    if (!Number.isFinite(timeout)) return;
    this.#ending.after(timeout, () => {
      if (!this.#stop('timed-out')) return;
      say(`The command has reached its time limit of ${formatDuration(timeout)} (--timeout). Ending it.`);
    });
  }

  /** A keyboard signal at the very start may have come before the command could receive it. */
  #passSignals(): void {
    const { signals } = this.#job;
    const { group, sharesTerminal } = this.#started;
    let isNew = true;
    signals.passTo((signal) => {
      if (this.#watch.isStalled) this.#signalledStall = this.#warnedStall;
      if (isNew || !sharesTerminal || !isOfTheKeyboard(signal)) group.signal(signal);
    });
    void turn().then(() => {
      isNew = false;
    });
    // It came while the command was being started.
    if (signals.received !== null) group.signal(signals.received);
  }

  /** Names the command in the lock. If that cannot be written, it is tried again; until then the inherited socket shows that it lives. */
  async #name(): Promise<void> {
    const { lock, inheritedSocket } = this.#job;
    const { group, openGate } = this.#started;
    try {
      await lock?.setWorkers(group.named);
    } catch (error) {
      // A command that has already ended needs no name, and the lock's own signal reports a loss.
      if (!(error instanceof RangeError || error instanceof ErrLockLost)) {
        if (openGate !== null) throw error;
        say(messageOf(error));
        this.#nameLater();
      }
    }
    inheritedSocket?.close();
    if (lock?.signal.aborted !== true) openGate?.();
  }

  /** Not with the next heartbeat, which may be minutes away: a command may close the descriptors that it has inherited. */
  #nameLater(): void {
    this.#ending.after(NAMING_PAUSE, () => {
      this.#job.lock?.setWorkers(this.#started.group.named).catch((error) => {
        if (!(error instanceof RangeError || error instanceof ErrLockLost)) this.#nameLater();
      });
    });
  }

  /** Waits until the output of a command that is gone has been passed on and kept. */
  async #drain(): Promise<void> {
    const { signals, output } = this.#job;
    const ending = this.#ending;
    ending.outlived(signals.received !== null);
    signals.passTo(() => ending.abandon());
    await Promise.all(this.#passages.map((passage) => passage.drain(ending.waiting)));
    // As long as heartbeats are sent.
    await output?.written(ending.waiting);
  }

  #endAfter(exit: Exit) {
    const { reason } = this.#ending;
    const lost = this.#passages.flatMap((passage) => passage.failure ?? []);
    // What is only logged has no reader: the log says what it lacks.
    const { status, outcome } = judgeExit(reason, exit, this.#job.output?.mode === 'merged' ? [] : lost);
    const endedStall = reason === null && outcome !== 'succeeded' ? this.#signalledStall : null;
    const why = endedStall ?? this.#reason;
    const end = {
      outcome: endedStall === null ? outcome : ('stalled' as const),
      signal: exit.signal,
      isOutputLost: lost.length > 0,
      ...(why !== null && { reason: why }),
    };
    return { status, end };
  }

  /** Returns whether this is the first reason. */
  #stop(reason: Reason): boolean {
    const { lock, name, recorder } = this.#job;
    // Before any message: a process that writes to a terminal from the background may be stopped (`stty tostop`).
    if (!this.#ending.begin(reason)) return false;
    if (reason === 'lost') {
      const loss = describeLoss(name, lock?.signal.reason);
      this.#reason = loss;
      recorder.lost(loss);
      say(`${loss} Ending the command.`);
    } else {
      this.#watch.keepForTheEnd();
    }
    return true;
  }
}

function tellProgress(progress: Progress | null): void {
  const reported = describeProgress(progress);
  if (reported !== '') say(`The command last reported: ${reported}.`);
}
