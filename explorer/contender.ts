import { Worker } from 'node:worker_threads';
import { createHandoverMemory, type Order, SchedulersEnd, type Stop } from './handover.js';
import { formatPart, type Part } from './part.js';
import { parseReport, type Report } from './step-report.js';
import type { World } from './world.js';

/** What a contender can do next. `dead` and `over`: nothing. */
export type Standing = Stop | 'dead';

/** A contender as the scheduler sees it: a thread that has stopped before a call. */
export class Contender {
  readonly letter: string;
  readonly #handover: SchedulersEnd;
  readonly #worker: Worker;
  readonly #world: World;
  #pid = 0;
  #standing: Standing = 'over';
  #next = '';

  constructor(letter: string, world: World) {
    const handover = createHandoverMemory();
    this.letter = letter;
    this.#world = world;
    this.#handover = new SchedulersEnd(handover);
    this.#worker = new Worker(programUrl(), { workerData: { handover, world: world.memory } });
    this.#handover.awaitReady();
  }

  get pid(): number {
    return this.#pid;
  }

  get standing(): Standing {
    return this.#standing;
  }

  get canMove(): boolean {
    return this.#standing === 'call' || this.#standing === 'yield';
  }

  /** The call that it will make next. */
  get next(): string {
    return this.#next;
  }

  /** Starts a life. Stops before the first call. */
  start(part: Part): Report {
    this.#pid = part.pid;
    this.#world.start(part.pid);
    return this.#give('start', formatPart(part));
  }

  /** Makes at most this many calls. Stops earlier if it would wait, or when its part has ended. */
  go(calls = 1): Report {
    if (!this.canMove) throw new Error(`${this.letter} cannot move, and must not be asked to.`);
    return this.#give('go', String(calls));
  }

  /** Ends it before its next call. Whatever it has left on the disk stays. */
  kill(): void {
    this.#world.kill(this.#pid);
    if (this.canMove) this.#give('kill');
    this.#standing = 'dead';
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #give(order: Order, text?: string): Report {
    const { stop, text: answer } = this.#handover.give(order, text);
    const report = parseReport(answer);
    this.#standing = stop;
    this.#next = report.next;
    return report;
  }
}

/** Threads run compiled programs, even if the rest runs from source. */
function programUrl(): URL {
  const isSource = import.meta.filename.endsWith('.ts');
  return new URL(
    isSource ? '../build/explorer/contender/program.js' : 'contender/program.js',
    import.meta.url,
  );
}
