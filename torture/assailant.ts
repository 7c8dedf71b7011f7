import { systemClock } from 'livinglock';
import type { Account } from './account.js';
import type { Chronicle } from './chronicle.js';
import type { Namespace } from './namespaces/namespace.js';
import type { StrikeSignal } from './protocol.js';
import type { Random } from './random.js';
import type { WorkerProcess } from './worker-process.js';

/** Milliseconds after an acquisition: while the lock is held, released, or acquired again. */
const LATEST_STRIKE = 60;
/** In milliseconds. */
const LONGEST_STOP = 3000;
/** How many of the kills from outside end a whole PID namespace, if the process is in one. */
const NAMESPACE_SHARE = 0.25;
/** How often to resume a process that has not been seen to continue, in milliseconds. */
const RESUME_PERIOD = 20;

/** Strikes processes from outside, at random moments, and resumes those that are stopped, including those that stopped themselves. */
export class Assailant {
  readonly #kill: number;
  readonly #stop: number;
  readonly #random: Random;
  readonly #chronicle: Chronicle;
  #isResting = false;

  /** @param kill The probability that a SIGKILL follows an acquisition; likewise `stop`. */
  constructor(kill: number, stop: number, random: Random, chronicle: Chronicle) {
    this.#kill = kill;
    this.#stop = stop;
    this.#random = random;
    this.#chronicle = chronicle;
  }

  /**
   * Must be called at each acquisition.
   *
   * @param namespace Where the process is; `null`: beside the torture.
   */
  threaten(worker: WorkerProcess, account: Account, namespace: Namespace | null): void {
    const lot = this.#random.next();
    const delay = this.#random.next() ** 2 * LATEST_STRIKE;
    const by = lot < this.#kill ? 'SIGKILL' : lot < this.#kill + this.#stop ? 'SIGSTOP' : null;
    const isForAll = namespace !== null && lot < this.#kill * NAMESPACE_SHARE;
    const strike = () => (isForAll ? this.#end(namespace) : this.#strike(worker, account, by));
    if (by !== null) setTimeout(strike, delay).unref();
  }

  /** Must be called when a process is about to stop itself. That may take a while, so it is resumed repeatedly until it continues. */
  resumeLater(worker: WorkerProcess): void {
    const resume = () => {
      worker.signal('SIGCONT');
      if (worker.hasStoppedItself && !worker.hasEnded) setTimeout(resume, RESUME_PERIOD).unref();
    };
    setTimeout(resume, this.#stopTime()).unref();
  }

  /** No more strikes; stopped processes are still resumed. */
  rest(): void {
    this.#isResting = true;
  }

  #end(namespace: Namespace): void {
    if (this.#isResting || namespace.isKilled) return;
    this.#chronicle.namespaces.killed += 1;
    this.#chronicle.namespaces.processes += namespace.kill();
  }

  #strike(worker: WorkerProcess, account: Account, by: StrikeSignal | null): void {
    if (by === null || this.#isResting || worker.hasEnded) return;
    account.struck(by, systemClock.monotonic());
    worker.signal(by);
    if (by === 'SIGSTOP') setTimeout(() => worker.signal('SIGCONT'), this.#stopTime()).unref();
  }

  /** Mostly short: while a holder is stopped, all others wait. */
  #stopTime(): number {
    return this.#random.next() ** 3 * LONGEST_STOP;
  }
}
