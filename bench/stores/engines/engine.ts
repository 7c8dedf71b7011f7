import type { Subject } from '../../rounds.js';
import type { Rival } from '../rivals/rival.js';

/** What keeps locks: a server of our own, or a file. Whatever it has started and written goes with it. */
export interface Engine extends AsyncDisposable {
  readonly title: string;
  /** What it is, and how it is set: `Redis 7.0.15, without persistence`. */
  readonly description: string;
  connect(): Promise<Field>;
  /** In such a way that it can be seen how often the engine is asked. Absent where nobody is. */
  connectCounted?(): Promise<CountedField>;
}

/** Connections to one engine, and those who keep locks through them. */
export interface Field extends AsyncDisposable {
  /** The least that one can ask of the engine. */
  readonly bare: Subject;
  /** The least that one can write to it such that it stays: no heartbeat can cost less. Absent where that is no more. */
  readonly bareWrite?: Subject;
  readonly rivals: readonly Rival[];
  /** The name of a lock that nobody has used yet. */
  newLock(): string;
}

export interface CountedField extends Field {
  /** How often the engine has been asked, and has answered. */
  count(): number;
}

let locks = 0;

/** The name of a lock that nobody has used yet, for engines that take any name. */
export function newLock(): string {
  locks += 1;
  return `nightly-${locks}`;
}
