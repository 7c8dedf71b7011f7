import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrLockLost, type Lock, type Store } from '../../index.js';
import { CliError } from '../cli-error.js';
import { formatDuration } from '../duration.js';
import { ExitCode } from '../exit-codes.js';
import { describeHolder } from '../holder.js';
import { type Locks, withLocks } from '../locks.js';
import { say } from '../report.js';
import { acquireOrYield } from './acquire.js';
import { expectProgram } from './find-program.js';
import type { RunOptions } from './options.js';
import { Passage } from './pass-on.js';
import { describeProof, type Proof, watchFile } from './proof.js';
import { isOfTheKeyboard, Signals, statusOf } from './signals.js';
import { type Started, start } from './start.js';
import { type Look, Watch } from './watch.js';

/** Runs a command while holding a lock, and gives the exit code. */
export function run(lock: string, command: readonly string[], options: RunOptions): Promise<number> {
  expectProgram(command[0] ?? '');
  return withLocks(options.store, (locks) => runIn(locks, lock, command, options));
}

async function runIn(
  locks: Locks,
  lock: string,
  command: readonly string[],
  options: RunOptions,
): Promise<number> {
  const name = locks.nameOf(lock);
  const signals = new Signals();
  try {
    const held = await acquireOrYield(name, locks.store, command, options, signals);
    if (typeof held === 'number') return held;
    return await new Run(held, name, locks, command, options, signals).toTheEnd();
  } finally {
    signals.ignore();
  }
}

/** Why a command is being ended by us. */
type End = 'lost' | 'stalled' | 'timeout';

/** How often to look whether all processes of the command are gone: each time later, in milliseconds. */
const FIRST_LOOK = 10;
const LATEST_LOOK = 1000;

/** One command under one lock, from its start until nothing of it is left. */
class Run {
  readonly #lock: Lock | null;
  readonly #name: string;
  readonly #locks: Locks;
  readonly #command: readonly string[];
  readonly #options: RunOptions;
  readonly #signals: Signals;
  readonly #timers: NodeJS.Timeout[] = [];
  #end: End | null = null;

  constructor(
    lock: Lock | null,
    name: string,
    locks: Locks,
    command: readonly string[],
    options: RunOptions,
    signals: Signals,
  ) {
    this.#lock = lock;
    this.#name = name;
    this.#locks = locks;
    this.#command = command;
    this.#options = options;
    this.#signals = signals;
  }

  async toTheEnd(): Promise<number> {
    let status: number;
    try {
      status = await this.#run();
    } catch (error) {
      await this.#lock?.release().catch(() => {});
      throw error;
    }
    try {
      await this.#lock?.release();
    } catch (error) {
      if (!(error instanceof ErrLockLost)) throw error;
      if (this.#end !== 'lost') say(this.#describeLoss(error));
      return ExitCode.lost;
    }
    return status;
  }

  async #run(): Promise<number> {
    const started = await this.#start();
    const watch = this.#watch(started);
    try {
      const exited = exitOf(started.child);
      const passages = started.output.map(
        ({ source, descriptor }) => new Passage(source, descriptor, () => watch.prove()),
      );
      await this.#lock?.setWorkers([started.pid]);
      this.#lock?.signal.addEventListener('abort', () => this.#endBecause('lost', started, watch));
      this.#limitTime(started, watch);
      this.#signals.passTo((signal) => {
        if (!started.sharesTerminal || !isOfTheKeyboard(signal)) started.family.signal(signal);
      });
      started.begin();
      const { code, signal } = await exited;
      await this.#outlive(started);
      await Promise.all(passages.map((passage) => passage.drain()));
      return this.#statusAfter(code, signal);
    } finally {
      watch.stop();
      for (const timer of this.#timers) clearTimeout(timer);
    }
  }

  async #start(): Promise<Started> {
    const { proof, heartbeatInterval } = this.#options;
    const env = {
      ...process.env,
      // The PATH of cron does not lead here.
      LIVINGLOCK: `${process.execPath} ${process.argv[1]}`,
      LIVINGLOCK_PATH: this.#name,
      LIVINGLOCK_HELD_IN: this.#locks.address,
      LIVINGLOCK_TOKEN: this.#lock?.token ?? '',
      LIVINGLOCK_FENCING_TOKEN: String(this.#lock?.fencingToken ?? ''),
      LIVINGLOCK_HEARTBEAT_INTERVAL: String(heartbeatInterval),
    };
    try {
      return await start(this.#command, env, proof.by === 'output');
    } catch (error) {
      throw new CliError(
        ExitCode.notExecutable,
        `Cannot start ${this.#command[0]}: ${error instanceof Error ? error.message : error}.`,
      );
    }
  }

  #watch(started: Started): Watch {
    const { proof, staleTimeout, heartbeatInterval, onStall } = this.#options;
    const watch: Watch = new Watch({
      lock: this.#lock,
      staleTimeout,
      heartbeatInterval,
      look: lookFor(proof, this.#lock, this.#locks.store),
      onStall: (silence) => {
        const stall = `The command has stalled: for ${formatDuration(silence)} ${describeProof(proof)}.`;
        if (onStall === 'warn') {
          say(`${stall} It goes on (--on-stall warn), and the next run may take over.`);
        } else {
          say(`${stall} Ending it.`);
          this.#endBecause('stalled', started, watch);
        }
      },
    });
    return watch;
  }

  #limitTime(started: Started, watch: Watch): void {
    const { timeout } = this.#options;
    if (!Number.isFinite(timeout)) return;
    this.#after(timeout, () => {
      say(
        `The command has run for ${formatDuration(timeout)}, which is as long as it may (--timeout). Ending it.`,
      );
      this.#endBecause('timeout', started, watch);
    });
  }

  /** SIGTERM to all of it, and SIGKILL to those who are still there after a while. */
  #endBecause(end: End, { family }: Started, watch: Watch): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (end === 'lost') say(`${this.#describeLoss(this.#lock?.signal.reason)} Ending the command.`);
    else watch.keepForTheEnd();
    family.signal('SIGTERM');
    // One that was stopped gets no signal but this before SIGKILL.
    family.signal('SIGCONT');
    this.#after(this.#options.killAfter, () => family.signal('SIGKILL'));
  }

  #describeLoss(loss: unknown): string {
    if (loss instanceof ErrLockLost && !loss.isCertain) return loss.message;
    const successor = loss instanceof ErrLockLost ? loss.successor : null;
    const how =
      successor === null
        ? 'somebody broke it, or another run took it over and has ended since'
        : `${describeHolder(successor, Date.now() - successor.timestamp.getTime())} has taken it over`;
    return `${this.#name} was lost: ${how}. This run is not exclusive any more.`;
  }

  /** The command itself has ended. What it has left running is under the lock as well. */
  async #outlive({ family }: Started): Promise<void> {
    let named = '';
    for (let delay = FIRST_LOOK; ; delay = Math.min(delay * 2, LATEST_LOOK)) {
      const survivors = family.survivors();
      if (survivors.length === 0) return;
      if (String(survivors) !== named) await this.#nameWorkers(survivors);
      named = String(survivors);
      await sleep(delay);
    }
  }

  /** So that they keep the lock even should this process be killed; as many as a lock can name. */
  async #nameWorkers(pids: readonly number[]): Promise<void> {
    try {
      await this.#lock?.setWorkers(pids.slice(0, 4));
    } catch {
      // One of them has ended just now, or the lock is lost; the next look tells.
    }
  }

  #statusAfter(code: number | null, signal: NodeJS.Signals | null): number {
    switch (this.#end) {
      case 'lost':
        return ExitCode.lost;
      case 'stalled':
      case 'timeout':
        return ExitCode.timeout;
      case null:
        return code ?? statusOf(signal);
    }
  }

  #after(delay: number, action: () => void): void {
    const timer =
      delay > MAX_DELAY
        ? setTimeout(() => this.#after(delay - MAX_DELAY, action), MAX_DELAY)
        : setTimeout(action, delay);
    this.#timers.push(timer.unref());
  }
}

/** Longer ones setTimeout takes for 1 ms. */
const MAX_DELAY = 2 ** 31 - 1;

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** How a proof of that kind is looked for. */
function lookFor(proof: Proof, lock: Lock | null, store: Store): Look {
  switch (proof.by) {
    case 'alive':
      return (watch) => {
        watch.prove();
        return watch.silence;
      };
    case 'output':
      return (watch) => watch.silence;
    case 'file': {
      if (!existsSync(proof.path))
        say(`There is no ${proof.path} yet. The command has to make it, and to change it.`);
      const hasChanged = watchFile(proof.path);
      return (watch) => {
        if (hasChanged()) watch.prove();
        return watch.silence;
      };
    }
    case 'manual':
      return lock === null ? () => 0 : lookAtLock(lock, store);
  }
}

/** The command beats by itself, so what it has proved stands in the lock. */
function lookAtLock({ name, token }: Lock, store: Store): Look {
  return async () => {
    const stored = await store.read(name);
    // If it is not ours any more, the lock itself finds that out.
    return stored?.record?.token === token ? stored.age : 0;
  };
}
