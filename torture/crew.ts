import { setImmediate } from 'node:timers/promises';
import { systemClock } from 'livinglock';
import { Account } from './account.js';
import type { Assailant } from './assailant.js';
import type { Chronicle } from './chronicle.js';
import type { Message, WorkerSettings } from './protocol.js';
import { WorkerProcess } from './worker-process.js';

/** No turn takes that many milliseconds, stops included: whoever is still there then is stuck. */
const PATIENCE = 30_000;

/** The processes that contend for the lock. Whoever is killed is replaced. */
export class Crew {
  readonly #settings: WorkerSettings;
  readonly #chronicle: Chronicle;
  readonly #assailant: Assailant;
  readonly #living = new Set<WorkerProcess>();
  readonly #places: Promise<void>[];
  #started = 0;
  #isFinishing = false;

  constructor(size: number, settings: WorkerSettings, chronicle: Chronicle, assailant: Assailant) {
    this.#settings = settings;
    this.#chronicle = chronicle;
    this.#assailant = assailant;
    this.#places = Array.from({ length: size }, () => this.#fillPlace());
  }

  /** Lets each end its turn. Resolves when all have ended. */
  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#assailant.rest();
    for (const worker of this.#living) worker.finish();
    const patience = setTimeout(() => {
      this.#chronicle.fail(`did not come to an end within ${PATIENCE} ms: ${this.#living.size} processes`);
      void this.end();
    }, PATIENCE);
    await Promise.all(this.#places);
    clearTimeout(patience);
  }

  /** At once. Resolves when all have ended. */
  async end(): Promise<void> {
    this.#isFinishing = true;
    for (const worker of this.#living) worker.signal('SIGKILL');
    await Promise.all(this.#places);
  }

  async #fillPlace(): Promise<void> {
    while (!this.#isFinishing) {
      await this.#employ();
      // Where no process can be started, or all fail at once, timers and signals must still have their turn.
      await setImmediate();
    }
  }

  async #employ(): Promise<void> {
    this.#started += 1;
    const { seed } = this.#settings;
    const worker = new WorkerProcess({ ...this.#settings, seed: `${seed}, process ${this.#started}` });
    const account = new Account(worker.pid, this.#chronicle);
    worker.onMessage((message) => this.#hear(message, worker, account));
    this.#living.add(worker);
    account.close(await worker.end, systemClock.monotonic());
    this.#living.delete(worker);
  }

  #hear(message: Message, worker: WorkerProcess, account: Account): void {
    account.hear(message);
    if (message.what === 'acquired') this.#assailant.threaten(worker, account);
    if (message.what === 'striking' && message.by === 'SIGSTOP') this.#assailant.resumeLater(worker);
  }
}
