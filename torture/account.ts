import type { Chronicle } from './chronicle.js';
import type { Message, StrikeSignal } from './protocol.js';
import type { Stay } from './stay.js';

type Draft = { -readonly [Key in keyof Stay]: Stay[Key] };

/** The events of one process, from its start to its end. */
export class Account {
  readonly #pid: number;
  readonly #namespace: number;
  readonly #chronicle: Chronicle;
  #stay: Draft | null = null;
  #killedAt: number | null = null;

  /** @param namespace The number of its PID namespace. 0: that of the torture. */
  constructor(pid: number, namespace: number, chronicle: Chronicle) {
    this.#pid = pid;
    this.#namespace = namespace;
    this.#chronicle = chronicle;
  }

  /** It has reported something. */
  hear(message: Message): void {
    const stay = this.#stay;
    switch (message.what) {
      case 'acquired':
        this.#stay = begin(this.#pid, this.#namespace, message);
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
        this.#strikesItself(message);
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
    this.#chronicle.strikes(by).outside += 1;
    if (by === 'SIGKILL') this.#killedAt ??= at;
  }

  /** Its whole namespace is about to be killed. */
  diesWithNamespace(at: number): void {
    this.#killedAt ??= at;
  }

  /** The process has ended, and all its messages have been received. */
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

  #strikesItself({ by, at, inGuard }: Message & { readonly what: 'striking' }): void {
    const strikes = this.#chronicle.strikes(by);
    strikes.atCall += 1;
    if (inGuard) strikes.inGuard += 1;
    if (by === 'SIGKILL') this.#killedAt ??= at;
  }

  #end(how: 'released' | 'lost' | 'killed', at: number): void {
    if (this.#stay !== null) {
      this.#stay.end = how;
      this.#stay.endedAt = at;
    }
    this.#stay = null;
  }
}

function begin(
  pid: number,
  namespace: number,
  { fencingToken, claimedAt, at }: Message & { readonly what: 'acquired' },
): Draft {
  return {
    holder: 'process',
    pid,
    namespace,
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
