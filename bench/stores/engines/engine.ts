import type { Subject } from '../../rounds.js';
import type { Rival } from '../rivals/rival.js';

/** Stores locks: a server of our own, or a file. Everything it started and wrote is removed with it. */
export interface Engine extends AsyncDisposable {
  readonly title: string;
  /** Name, version and settings: `Redis 7.0.15, without persistence`. */
  readonly description: string;
  connect(): Promise<Field>;
  /** Connects so that requests to the engine are counted. Absent if there is no engine to ask. */
  connectCounted?(): Promise<CountedField>;
}

/** Connections to one engine, and rivals that keep locks through them. */
export interface Field extends AsyncDisposable {
  /** The cheapest request to the engine. */
  readonly bare: Subject;
  /** The cheapest durable write to it: no heartbeat can cost less. Absent if that is the same. */
  readonly bareWrite?: Subject;
  readonly rivals: readonly Rival[];
  /** The name of a lock that nobody has used yet. */
  newLock(): string;
}

export interface CountedField extends Field {
  /** How often the engine was asked, and answered. */
  count(): number;
}

let locks = 0;

/** The name of a lock that nobody has used yet, for engines that accept any name. */
export function newLock(): string {
  locks += 1;
  return `nightly-${locks}`;
}
