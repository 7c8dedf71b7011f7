import type { StrikeSignal } from './protocol.js';
import type { Stay } from './stay.js';

/** How often something was done to a process, and where it was then. */
export interface Strikes {
  /** At a random moment, by the torture. */
  outside: number;
  /** At a call of the library, by the process itself. */
  atCall: number;
  /** Of those at a call: while it was in the lock's guard. */
  inGuard: number;
}

/** All that has happened, as the processes have told it. */
export class Chronicle {
  readonly kills: Strikes = { outside: 0, atCall: 0, inGuard: 0 };
  readonly stops: Strikes = { outside: 0, atCall: 0, inGuard: 0 };
  /** Each text with how often it was reported. */
  readonly failures = new Map<string, number>();
  readonly #stays: Stay[] = [];
  /** What was done to runs of `livinglock run`: each name of a strike with how often. */
  readonly runStrikes = new Map<string, number>();
  /** Commands whose process group did not stand in the record yet when they began to work. */
  unnamedGroups = 0;
  busy = 0;
  occupied = 0;

  /** By when they were acquired. */
  get stays(): readonly Stay[] {
    return this.#stays.toSorted((one, other) => one.acquiredAt - other.acquiredAt);
  }

  get acquisitions(): number {
    return this.#stays.length;
  }

  add(stay: Stay): void {
    this.#stays.push(stay);
  }

  strikes(by: StrikeSignal): Strikes {
    return by === 'SIGKILL' ? this.kills : this.stops;
  }

  strikeRun(name: string): void {
    increment(this.runStrikes, name);
  }

  fail(what: string): void {
    increment(this.failures, what);
  }
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
