import type { Message, StrikeSignal } from './protocol.js';
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
  busy = 0;
  occupied = 0;

  /** By when they were acquired. */
  get stays(): readonly Stay[] {
    return this.#stays.toSorted((one, other) => one.acquiredAt - other.acquiredAt);
  }

  get acquisitions(): number {
    return this.#stays.length;
  }

  /** For one process, from its start to its end. */
  open(pid: number): Account {
    return new Account(pid, this);
  }

  add(stay: Stay): void {
    this.#stays.push(stay);
  }

  count(by: StrikeSignal, where: 'outside' | 'atCall'): Strikes {
    const strikes = by === 'SIGKILL' ? this.kills : this.stops;
    strikes[where] += 1;
    return strikes;
  }

  fail(what: string): void {
    this.failures.set(what, (this.failures.get(what) ?? 0) + 1);
  }
}

type Draft = { -readonly [Key in keyof Stay]: Stay[Key] };

/** What is known of one process. */
export class Account {
  readonly #pid: number;
  readonly #chronicle: Chronicle;
  #stay: Draft | null = null;
  #killedAt: number | null = null;

  constructor(pid: number, chronicle: Chronicle) {
    this.#pid = pid;
    this.#chronicle = chronicle;
  }

  /** It has reported something. */
  hear(message: Message): void {
    const stay = this.#stay;
    switch (message.what) {
      case 'acquired':
        this.#stay = begin(this.#pid, message);
        this.#chronicle.add(this.#stay);
        return;
      case 'entered':
        if (stay !== null) stay.metSomebody = !message.isAlone;
        return;
      case 'beat':
        if (stay !== null) stay.lastBeatAt = message.beatAt;
        return;
      case 'left':
        if (stay !== null) stay.insideUntil = stay.goneBy = message.at;
        return;
      case 'released':
        this.#end('released', Number.POSITIVE_INFINITY);
        return;
      case 'lost':
        this.#end('lost', message.at);
        return;
      case 'busy':
        this.#chronicle.busy += message.times;
        return;
      case 'occupied':
        this.#chronicle.occupied += 1;
        return;
      case 'striking':
        if (message.inGuard) this.#chronicle.count(message.by, 'atCall').inGuard += 1;
        else this.#chronicle.count(message.by, 'atCall');
        if (message.by === 'SIGKILL') this.#killedAt ??= message.at;
        return;
      case 'resumed':
        return;
      case 'failed':
        this.#chronicle.fail(message.error);
        return;
    }
  }

  /** The torture is about to send it a signal. */
  struck(by: StrikeSignal, at: number): void {
    this.#chronicle.count(by, 'outside');
    if (by === 'SIGKILL') this.#killedAt ??= at;
  }

  /** All that it had to say was heard, and then it ended. */
  close(how: string | null, at: number): void {
    const stay = this.#stay;
    if (this.#killedAt === null) {
      if (how !== null) this.#chronicle.fail(`a process ended by itself: ${how}`);
      return;
    }
    if (stay === null) return;
    stay.insideUntil = Math.min(stay.insideUntil, this.#killedAt);
    stay.goneBy = Math.min(stay.goneBy, at);
    this.#end('killed', this.#killedAt);
  }

  #end(how: 'released' | 'lost' | 'killed', at: number): void {
    if (this.#stay !== null) {
      this.#stay.end = how;
      this.#stay.endedAt = at;
    }
    this.#stay = null;
  }
}

function begin(pid: number, { fencingToken, claimedAt, at }: Message & { readonly what: 'acquired' }): Draft {
  return {
    pid,
    fencingToken,
    claimedAt,
    lastBeatAt: claimedAt,
    acquiredAt: at,
    metSomebody: false,
    insideUntil: Number.POSITIVE_INFINITY,
    goneBy: Number.POSITIVE_INFINITY,
    end: 'unknown',
    endedAt: Number.POSITIVE_INFINITY,
  };
}
