import { systemClock } from 'livinglock';
import type { Account } from './account.js';
import type { StrikeSignal } from './protocol.js';
import type { Random } from './random.js';
import type { WorkerProcess } from './worker-process.js';

/** After an acquisition, in milliseconds: while it is held, released, or asked for again. */
const LATEST_STRIKE = 60;
/** In milliseconds. */
const LONGEST_STOP = 3000;
/** How often to tell a process to go on that has not been seen to, in milliseconds. */
const RESUME_PERIOD = 20;

/** Strikes processes from outside, at random moments, and lets those that are stopped go on, also those that have stopped themselves. */
export class Assailant {
  readonly #kill: number;
  readonly #stop: number;
  readonly #random: Random;
  #isResting = false;

  /** @param kill How likely it is that an acquisition is followed by a SIGKILL; likewise `stop`. */
  constructor(kill: number, stop: number, random: Random) {
    this.#kill = kill;
    this.#stop = stop;
    this.#random = random;
  }

  /** To be called at each acquisition. */
  threaten(worker: WorkerProcess, account: Account): void {
    const lot = this.#random.next();
    const delay = this.#random.next() ** 2 * LATEST_STRIKE;
    const by = lot < this.#kill ? 'SIGKILL' : lot < this.#kill + this.#stop ? 'SIGSTOP' : null;
    if (by !== null) setTimeout(() => this.#strike(worker, account, by), delay).unref();
  }

  /** To be called when a process is about to stop itself. Since it may take its time, it is told again until it goes on. */
  resumeLater(worker: WorkerProcess): void {
    const resume = () => {
      worker.signal('SIGCONT');
      if (worker.hasStoppedItself && !worker.hasEnded) setTimeout(resume, RESUME_PERIOD).unref();
    };
    setTimeout(resume, this.#stopTime()).unref();
  }

  /** No more strikes; who is stopped still goes on. */
  rest(): void {
    this.#isResting = true;
  }

  #strike(worker: WorkerProcess, account: Account, by: StrikeSignal): void {
    if (this.#isResting || worker.hasEnded) return;
    account.struck(by, systemClock.monotonic());
    worker.signal(by);
    if (by === 'SIGSTOP') setTimeout(() => worker.signal('SIGCONT'), this.#stopTime()).unref();
  }

  /** Most are short: while a holder is stopped, all others wait. */
  #stopTime(): number {
    return this.#random.next() ** 3 * LONGEST_STOP;
  }
}
