import type { StrikeSignal } from './protocol.js';
import type { Stay } from './stay.js';

/** How often something was done to processes, by where they were at that time. */
export interface Strikes {
  /** At a random moment, by the torture. */
  outside: number;
  /** At a call of the library, by the process itself. */
  atCall: number;
  /** Of those at a call: while it was in the lock's guard. */
  inGuard: number;
}

/** Everything that happened, as the processes reported it. */
export class Chronicle {
  readonly kills: Strikes = { outside: 0, atCall: 0, inGuard: 0 };
  readonly stops: Strikes = { outside: 0, atCall: 0, inGuard: 0 };
  /** PID namespaces, and the processes that died with them. */
  readonly namespaces = { killed: 0, processes: 0 };
  /** Each fault with how often it was reported. */
  readonly failures = new Map<string, number>();
  readonly #stays: Stay[] = [];
  /** What was done to runs of `livinglock run`: each name of a strike with its count. */
  readonly runStrikes = new Map<string, number>();
  /** Commands whose process group was not yet in the record when they began to work. */
  unnamedGroups = 0;
  busy = 0;
  occupied = 0;

  /** Sorted by the time of acquisition. */
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
