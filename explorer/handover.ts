// The thread of a contender and that of the scheduler take turns. The one that is not on waits in the kernel (futex(2)), so
// exactly one of all threads moves, and sees what another one has written to shared memory.

/** What a contender that has stopped is about to do. `yield`: it would wait; `over`: nothing, its part has ended. */
export type Stop = 'call' | 'yield' | 'over';

/** What the scheduler tells a contender that has stopped. */
export type Order = 'go' | 'kill' | 'start';

const STOPS: readonly Stop[] = ['call', 'yield', 'over'];
const ORDERS: readonly Order[] = ['go', 'kill', 'start'];

const TURN = 0;
const WHAT = 1;
const LENGTH = 2;
const CELLS = 4;
const MOST_BYTES = 1024 * 1024;

/** Whose turn it is. The contender has the first one: it starts, and stops before it does anything. */
const CONTENDERS = 0;
const SCHEDULERS = 1;

/**
 * After this many waits of this many milliseconds, a contender will never come back: it waits for something that nobody does.
 * Many short waits rather than a long one, so that suspending the whole process for a while does not end it.
 */
const WAITS = 60;
const LONGEST_WAIT = 1000;

/** The library's own waiting is replaced in contenders, but not this one. */
const wait = Atomics.wait;

export function createHandoverMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(CELLS * Int32Array.BYTES_PER_ELEMENT + MOST_BYTES);
}

class Handover {
  readonly #cells: Int32Array;
  readonly #text: Buffer;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory, 0, CELLS);
    this.#text = Buffer.from(memory, CELLS * Int32Array.BYTES_PER_ELEMENT, MOST_BYTES);
  }

  protected write(what: number, text: string): void {
    Atomics.store(this.#cells, WHAT, what);
    Atomics.store(this.#cells, LENGTH, this.#text.write(text));
  }

  protected read(): { readonly what: number; readonly text: string } {
    return {
      what: Atomics.load(this.#cells, WHAT),
      text: this.#text.toString('utf8', 0, Atomics.load(this.#cells, LENGTH)),
    };
  }

  protected pass(from: number, to: number): void {
    Atomics.store(this.#cells, TURN, to);
    Atomics.notify(this.#cells, TURN);
    this.awaitTurn(from, to);
  }

  protected awaitTurn(mine: number, others: number): void {
    const timeout = mine === SCHEDULERS ? LONGEST_WAIT : Number.POSITIVE_INFINITY;
    let waits = 0;
    while (Atomics.load(this.#cells, TURN) !== mine) {
      if (wait(this.#cells, TURN, others, timeout) === 'timed-out' && ++waits === WAITS) {
        throw new Error('A contender waits for something that no step of the schedule causes.');
      }
    }
  }
}

/** The contender's end of the handover. */
export class ContendersEnd extends Handover {
  /** Stops until the scheduler gives an order. */
  stop(stop: Stop, text: string): { readonly order: Order; readonly text: string } {
    this.write(STOPS.indexOf(stop), text);
    this.pass(CONTENDERS, SCHEDULERS);
    const { what, text: details } = this.read();
    return { order: ORDERS[what] ?? 'kill', text: details };
  }
}

/** The scheduler's end of the handover. */
export class SchedulersEnd extends Handover {
  awaitReady(): void {
    this.awaitTurn(SCHEDULERS, CONTENDERS);
  }

  /** Lets the contender move. Returns when it has stopped again. */
  give(order: Order, text = ''): { readonly stop: Stop; readonly text: string } {
    this.write(ORDERS.indexOf(order), text);
    this.pass(SCHEDULERS, CONTENDERS);
    const { what, text: report } = this.read();
    return { stop: STOPS[what] ?? 'over', text: report };
  }
}
