import { formatDuration } from '../../core/describe.js';
import { ErrLockLost, ErrLockStore, type Worker } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { ExitCode } from '../errors/exit-codes.js';
import { PING_VARIABLE } from '../notify/ping-url.js';
import { said, say } from '../terminal/messages.js';
import { callingBack } from './calling-back.js';
import { proofCheckFor } from './check-proof.js';
import { Ending, type Reason } from './command-ending.js';
import { outcomeAfter, statusAfter } from './exit.js';
import type { Job } from './job.js';
import { describeLoss } from './loss.js';
import { notStarted } from './not-started.js';
import { type OutputRoute, routeFor } from './output.js';
import { Passage } from './pass-on.js';
import type { ProcessGroup } from './process-group.js';
import { describeProof, hintOn } from './proof.js';
import { ProofWatch } from './proof-watch.js';
import type { RunEnd } from './recorder.js';
import { releasePatiently } from './release.js';
import { isRepeatable, pauseBeforeRetry, renew } from './retry.js';
import { isOfTheKeyboard, statusOf, turn } from './signals.js';
import { start } from './start.js';
import type { Started } from './started.js';
import { outlive } from './survivors.js';

/** One command under one lock, from its start until nothing of it is left. */
export class Supervision {
  readonly #job: Job;
  #isLossKnown = false;
  #isRepeated = false;
  #passages: readonly Passage[] = [];
  /** Why the command is being ended, in words. */
  #reason: string | null = null;
  #end: RunEnd = { outcome: 'not-started', signal: null };

  constructor(job: Job) {
    this.#job = job;
  }

  /** How it has ended, for the history. */
  get end(): RunEnd {
    return this.#end;
  }

  async toTheEnd(): Promise<number> {
    const { lock, name, locks, recorder } = this.#job;
    const status = await this.#runRepeatedly();
    await recorder.beforeRelease();
    try {
      await releasePatiently(lock, locks);
    } catch (error) {
      if (!(error instanceof ErrLockLost)) return this.#giveUp(error, status);
      const isStarted = this.#end.outcome !== 'not-started';
      const reason = describeLoss(name, error);
      if (!this.#isLossKnown) say(`${reason}${isStarted ? '' : ' The command was not started.'}`);
      if (isStarted) this.#end = { ...this.#end, outcome: 'lost', reason };
      return ExitCode.lost;
    }
    return status;
  }

  async #runRepeatedly(): Promise<number> {
    const { recorder, options, signals, output } = this.#job;
    let status = await this.#runUnlessSignalled();
    for (let left = options.retry; left > 0 && isRepeatable(this.#end, this.#job); left--) {
      await signals.whileWriting(() => recorder.attempted(this.#end, status));
      output?.attempted(status);
      await pauseBeforeRetry(this.#job);
      recorder.beginAgain();
      this.#end = { outcome: 'not-started', signal: null };
      this.#reason = null;
      this.#isRepeated = true;
      status = await this.#runUnlessSignalled();
    }
    return status;
  }

  /** A signal that arrives before the command exists ends the run before it begins. */
  async #runUnlessSignalled(): Promise<number> {
    const { lock, signals } = this.#job;
    let started: Started;
    try {
      const route = await this.#prepare();
      if (this.#isRepeated) await renew(this.#job);
      // Signals that arrived while this process was busy are delivered by the event loop.
      await turn();
      await said(signals.aborted);
      if (signals.received !== null) {
        this.#end = { outcome: 'not-started', signal: signals.received };
        return statusOf(signals.received);
      }
      lock?.signal.throwIfAborted();
      started = await this.#start(route);
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
      return await this.#run(started);
    } catch (error) {
      // Otherwise the lock is left to whatever still runs.
      if (started.group.isGone()) await lock?.release().catch(() => {});
      throw error;
    }
  }

  /**
   * What a slow disk may hold up, for so long that another run takes over meanwhile. So the lock is confirmed afterwards, before the command starts.
   */
  async #prepare(): Promise<OutputRoute> {
    const { lock, recorder, signals, output, options } = this.#job;
    const { knowsPredecessor } = recorder;
    if (knowsPredecessor) await signals.whileWriting(() => recorder.recordPredecessor());
    const route = routeFor(output?.mode ?? (options.proof.by === 'output' ? 'seen' : 'inherited'));
    output?.prepare(route.count);
    if (knowsPredecessor || output !== null || route.count > 0) await lock?.setWorkers([]);
    return route;
  }

  /** The command's exit status matters more than a lock that could not be released: a reported failure would make someone start it again. */
  #giveUp(error: unknown, status: number): number {
    if (!(error instanceof ErrLockStore)) throw error;
    say(`${error.message} The command has exited with ${status}. Others can take its lock once it is stale.`);
    return status;
  }

  async #start(output: OutputRoute): Promise<Started> {
    const { lock, name, locks, command, options, descriptors, inheritedSocket, cover } = this.#job;
    // A run within the command must not ping for it.
    const { [PING_VARIABLE]: _, ...ours } = process.env;
    const env = {
      ...ours,
      ...callingBack(),
      LIVINGLOCK_PATH: name,
      LIVINGLOCK_HELD_IN: locks.address,
      LIVINGLOCK_RUNNER: String(process.pid),
      LIVINGLOCK_TOKEN: lock?.token ?? '',
      LIVINGLOCK_FENCING_TOKEN: String(lock?.fencingToken ?? ''),
    };
    try {
      if (lock !== null) await cover.begin(lock, inheritedSocket, descriptors);
      const { ignoreHangup: ignoresHangup } = options;
      const started = await start(command, { env, output, descriptors, inheritedSocket, ignoresHangup });
      cover.tell(started.group);
      return started;
    } catch (error) {
      throw notStarted(command[0] ?? '', error);
    }
  }

  async #run({ exited, group, sharesTerminal, output, begin }: Started): Promise<number> {
    const { lock, options, recorder, output: kept } = this.#job;
    const ending = new Ending(group, options.killAfter);
    const watch = this.#watch(ending);
    const onLoss = () => this.#stop('lost', ending, watch);
    try {
      const prove = () => watch.prove();
      if (output.length > 0) this.#job.signals.writeOutput();
      const passages = output.map((read) => new Passage(read, prove, kept?.outletFor(read)));
      this.#passages = passages;
      lock?.signal.addEventListener('abort', onLoss);
      // It may have been lost while the command was started.
      if (lock?.signal.aborted === true) onLoss();
      this.#limitTime(ending, watch);
      this.#passSignals(group, sharesTerminal);
      await this.#name(group.named, begin);
      recorder.started();
      const exit = await exited;
      await outlive(group, lock);
      ending.outlived(this.#job.signals.received !== null);
      this.#job.signals.passTo(() => ending.abandon());
      await Promise.all(passages.map((passage) => passage.drain(ending.waiting)));
      // As long as heartbeats are sent.
      await kept?.written(ending.waiting);
      const lost = passages.flatMap((passage) => passage.failure ?? []);
      // What is only logged has no reader: the log says what it lacks.
      const status = statusAfter(ending.reason, exit, kept?.mode === 'merged' ? [] : lost);
      const outcome = outcomeAfter(ending.reason, exit, status);
      this.#end = {
        outcome,
        signal: exit.signal,
        isOutputLost: lost.length > 0,
        ...(this.#reason !== null && { reason: this.#reason }),
      };
      return status;
    } finally {
      lock?.signal.removeEventListener('abort', onLoss);
      watch.stop();
      ending.stop();
    }
  }

  /** A keyboard signal at the very start may have come before the command could receive it. */
  #passSignals(group: ProcessGroup, sharesTerminal: boolean): void {
    let isNew = true;
    this.#job.signals.passTo((signal) => {
      if (isNew || !sharesTerminal || !isOfTheKeyboard(signal)) group.signal(signal);
    });
    void turn().then(() => {
      isNew = false;
    });
    // It came while the command was being started.
    const { received } = this.#job.signals;
    if (received !== null) group.signal(received);
  }

  /** Names the command in the lock. If that cannot be written, the next heartbeat tries again; until then the inherited socket shows that it lives. */
  async #name(workers: readonly Worker[], begin: Started['begin']): Promise<void> {
    const { lock, inheritedSocket } = this.#job;
    try {
      await lock?.setWorkers(workers);
    } catch (error) {
      // A command that has already ended needs no name, and the lock's own signal reports a loss.
      if (!(error instanceof RangeError || error instanceof ErrLockLost)) {
        if (begin !== null) throw error;
        say(messageOf(error));
      }
    }
    inheritedSocket?.close();
    if (lock?.signal.aborted !== true) begin?.();
  }

  #watch(ending: Ending): ProofWatch {
    const { lock, locks, options, recorder } = this.#job;
    const { proof, staleTimeout, heartbeatInterval, onStall } = options;
    const watch: ProofWatch = new ProofWatch({
      lock,
      staleTimeout,
      heartbeatInterval,
      check: proofCheckFor(proof, lock, locks.store),
      onStall: (silence) => {
        if (ending.reason !== null) return;
        const isHeldUp = this.#passages.some((passage) => passage.isHeldUp);
        const reason = `for ${formatDuration(silence)} ${describeProof(proof, isHeldUp)}`;
        const hint = hintOn(proof, isHeldUp);
        const stall = `The command has stalled: ${reason}.`;
        recorder.stalled(reason);
        if (onStall === 'warn') {
          say(`${stall} It goes on (--on-stall warn), and the next run may take over.${hint}`);
        } else {
          this.#reason = reason;
          this.#stop('stalled', ending, watch);
          say(`${stall} Ending it.${hint}`);
        }
      },
    });
    return watch;
  }

  #limitTime(ending: Ending, watch: ProofWatch): void {
    const { timeout } = this.#job.options;
    if (!Number.isFinite(timeout)) return;
    ending.after(timeout, () => {
      if (ending.reason !== null) return;
      this.#stop('timeout', ending, watch);
      say(`The command has reached its time limit of ${formatDuration(timeout)} (--timeout). Ending it.`);
    });
  }

  #stop(reason: Reason, ending: Ending, watch: ProofWatch): void {
    if (ending.reason !== null) return;
    const { lock, name, recorder } = this.#job;
    // Before any message: a process that writes to a terminal from the background may be stopped (`stty tostop`).
    ending.begin(reason);
    if (reason === 'lost') {
      this.#isLossKnown = true;
      const loss = describeLoss(name, lock?.signal.reason);
      this.#reason = loss;
      recorder.lost(loss);
      say(`${loss} Ending the command.`);
    } else {
      watch.keepForTheEnd();
    }
  }
}
