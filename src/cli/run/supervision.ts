import { setImmediate as nextCheck, setTimeout as sleep } from 'node:timers/promises';
import { formatDuration } from '../../core/describe.js';
import { remedyFor } from '../../core/remedies.js';
import { ErrLockLost, ErrLockStore, type Lock, type Worker } from '../../index.js';
import { messageOf } from '../../system/message-of.js';
import { systemCode } from '../../system/system-code.js';
import { CliError } from '../errors/cli-error.js';
import { ExitCode } from '../errors/exit-codes.js';
import type { Locks } from '../stores/locks.js';
import { said, say } from '../terminal/messages.js';
import { callingBack } from './calling-back.js';
import { Ending, type Reason } from './ending.js';
import { statusAfter } from './exit.js';
import type { InheritedSocket } from './inherited-socket.js';
import { lookFor } from './look-for-proof.js';
import { describeLoss } from './loss.js';
import type { RunOptions } from './options.js';
import { Passage } from './pass-on.js';
import type { ProcessGroup } from './process-group.js';
import { describeProof, hintOn } from './proof.js';
import { ProofWatch } from './proof-watch.js';
import { releasePatiently } from './release.js';
import { isOfTheKeyboard, type Signals, statusOf } from './signals.js';
import { type Started, start } from './start.js';
import { outlive } from './survivors.js';

/** How long the start waits until earlier messages are written, in milliseconds. A reader that hangs must not keep the command from working. */
const MESSAGE_TIMEOUT = 1000;

/** EINVAL: that of the inherited socket is above the limit (fcntl(2), F_DUPFD). */
const OUT_OF_DESCRIPTORS: ReadonlySet<string | null> = new Set(['EMFILE', 'ENFILE', 'EINVAL']);

/** What is to be run, and under what. */
export interface Job {
  /** `null` for a command that runs by force, without it. */
  readonly lock: Lock | null;
  readonly name: string;
  readonly locks: Locks;
  readonly command: readonly string[];
  readonly options: RunOptions;
  readonly signals: Signals;
  /** Those that this process was given, for the command. */
  readonly descriptors: readonly number[];
  readonly inheritedSocket: InheritedSocket | null;
}

/** One command under one lock, from its start until nothing of it is left. */
export class Supervision {
  readonly #job: Job;
  #isLossKnown = false;

  constructor(job: Job) {
    this.#job = job;
  }

  async toTheEnd(): Promise<number> {
    const { lock, name, locks } = this.#job;
    const status = await this.#runUnlessSignalled();
    try {
      await releasePatiently(lock, locks);
    } catch (error) {
      if (!(error instanceof ErrLockLost)) return this.#giveUp(error, status);
      if (!this.#isLossKnown) say(describeLoss(name, error));
      return ExitCode.lost;
    }
    return status;
  }

  /** A signal that has come in before the command is there ends the run before it begins. */
  async #runUnlessSignalled(): Promise<number> {
    const { lock, signals } = this.#job;
    let started: Started;
    try {
      // What has come in while this process was busy is delivered by the event loop.
      await turn();
      await Promise.race([
        said(),
        sleep(MESSAGE_TIMEOUT, undefined, { ref: false, signal: signals.aborted }),
      ]).catch(() => {});
      if (signals.received !== null) return statusOf(signals.received);
      started = await this.#start();
    } catch (error) {
      await lock?.release().catch(() => {});
      throw error;
    }
    try {
      return await this.#run(started);
    } catch (error) {
      // Else the lock is left to what goes on.
      if (started.group.isGone()) await lock?.release().catch(() => {});
      throw error;
    }
  }

  /** That the command has ended, and how, is more than that its lock is left to itself: who hears of a failure starts it again. */
  #giveUp(error: unknown, status: number): number {
    if (!(error instanceof ErrLockStore)) throw error;
    say(`${error.message} The command has ended, with ${status}. Others get its lock when it is stale.`);
    return status;
  }

  async #start(): Promise<Started> {
    const { lock, name, locks, command, options, descriptors, inheritedSocket } = this.#job;
    const env = {
      ...process.env,
      ...callingBack(),
      LIVINGLOCK_PATH: name,
      LIVINGLOCK_HELD_IN: locks.address,
      LIVINGLOCK_RUNNER: String(process.pid),
      LIVINGLOCK_TOKEN: lock?.token ?? '',
      LIVINGLOCK_FENCING_TOKEN: String(lock?.fencingToken ?? ''),
      LIVINGLOCK_HEARTBEAT_INTERVAL: String(options.heartbeatInterval),
    };
    try {
      return await start(command, {
        env,
        isOutputSeen: options.proof.by === 'output',
        descriptors,
        inheritedSocket,
      });
    } catch (error) {
      const remedy = OUT_OF_DESCRIPTORS.has(systemCode(error)) ? ` ${remedyFor('EMFILE')}` : '';
      throw new CliError(ExitCode.notExecutable, `Cannot start ${command[0]}: ${messageOf(error)}.${remedy}`);
    }
  }

  async #run({ exited, group, sharesTerminal, output, begin }: Started): Promise<number> {
    const { lock, options } = this.#job;
    const ending = new Ending(group, options.killAfter);
    const watch = this.#watch(ending);
    try {
      const passages = output.map((read) => new Passage(read, () => watch.prove()));
      lock?.signal.addEventListener('abort', () => this.#end('lost', ending, watch));
      this.#limitTime(ending, watch);
      this.#passSignals(group, sharesTerminal);
      await this.#name(group.named, begin);
      const { code, signal } = await exited;
      await outlive(group, lock);
      await Promise.all(passages.map((passage) => passage.drain()));
      const lost = passages.flatMap((passage) => passage.failure ?? []);
      return statusAfter(ending.reason, { code, signal }, lost);
    } finally {
      watch.stop();
      ending.stop();
    }
  }

  /** A signal of the keyboard that came right at the start may have come before the command was there to get it. */
  #passSignals(group: ProcessGroup, sharesTerminal: boolean): void {
    let isNew = true;
    this.#job.signals.passTo((signal) => {
      if (isNew || !sharesTerminal || !isOfTheKeyboard(signal)) group.signal(signal);
    });
    void turn().then(() => {
      isNew = false;
    });
  }

  /** Puts the command into the lock. If that cannot be written, the next heartbeat tries again, and meanwhile the inherited socket says that it lives. */
  async #name(workers: readonly Worker[], begin: Started['begin']): Promise<void> {
    const { lock, inheritedSocket } = this.#job;
    try {
      await lock?.setWorkers(workers);
    } catch (error) {
      // One that has ended already needs no name; and of a loss the lock's own signal tells.
      if (!(error instanceof RangeError || error instanceof ErrLockLost)) {
        if (begin !== null) throw error;
        say(messageOf(error));
      }
    }
    inheritedSocket?.close();
    if (lock?.signal.aborted !== true) begin?.();
  }

  #watch(ending: Ending): ProofWatch {
    const { lock, locks, options } = this.#job;
    const { proof, staleTimeout, heartbeatInterval, onStall } = options;
    const watch: ProofWatch = new ProofWatch({
      lock,
      staleTimeout,
      heartbeatInterval,
      look: lookFor(proof, lock, locks.store),
      onStall: (silence) => {
        const stall = `The command has stalled: for ${formatDuration(silence)} ${describeProof(proof)}.`;
        if (onStall === 'warn') {
          say(`${stall} It goes on (--on-stall warn), and the next run may take over.${hintOn(proof)}`);
        } else {
          this.#end('stalled', ending, watch);
          say(`${stall} Ending it.${hintOn(proof)}`);
        }
      },
    });
    return watch;
  }

  #limitTime(ending: Ending, watch: ProofWatch): void {
    const { timeout } = this.#job.options;
    if (!Number.isFinite(timeout)) return;
    ending.after(timeout, () => {
      this.#end('timeout', ending, watch);
      say(
        `The command has run for ${formatDuration(timeout)}, which is as long as it may (--timeout). Ending it.`,
      );
    });
  }

  #end(reason: Reason, ending: Ending, watch: ProofWatch): void {
    if (ending.reason !== null) return;
    // Signal first: a background process that writes to its terminal may be stopped for it (`stty tostop`).
    ending.begin(reason);
    if (reason === 'lost') {
      this.#isLossKnown = true;
      say(`${describeLoss(this.#job.name, this.#job.lock?.signal.reason)} Ending the command.`);
    } else {
      watch.keepForTheEnd();
    }
  }
}

/** One whole turn of the event loop, in which signals are looked for. */
async function turn(): Promise<void> {
  await nextCheck();
  await nextCheck();
}
