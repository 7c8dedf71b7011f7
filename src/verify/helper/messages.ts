import type { Sight, Sightings } from '../probes/probe.js';

/** What a helper can be told to do. */
export type Command =
  /** Say what a file, and its folder, look like from there. */
  | { readonly do: 'look'; readonly path: string }
  /** Read a file over and over until it is `last`, or for that many milliseconds no newer one. */
  | { readonly do: 'watch'; readonly path: string; readonly last: string; readonly timeout: number }
  /** Acquire, hold, beat and release that lock over and over. */
  | { readonly do: 'contend'; readonly lock: string }
  /** Come to an end, holding nothing. */
  | { readonly do: 'stop' };

/** What a helper says. Times are by the machine's monotonic clock, in milliseconds. */
export type Message =
  | { readonly says: 'ready' }
  | { readonly says: 'saw'; readonly sight: Sight }
  | { readonly says: 'watching' }
  | { readonly says: 'watched'; readonly sightings: Sightings }
  /** It holds the lock, after having been told so many times that it is busy. */
  | {
      readonly says: 'entered';
      readonly at: number;
      readonly fencingToken: number;
      readonly turnedAway: number;
    }
  /** It is about to release the lock, and has done nothing to that end yet. */
  | { readonly says: 'left'; readonly at: number; readonly heartbeats: number }
  /** The lock was lost, although it was alive and heartbeating. */
  | { readonly says: 'lost'; readonly reason: string }
  /** A heartbeat or release has to be tried again, because another process was in the middle of a change for too long. */
  | { readonly says: 'postponed' }
  | { readonly says: 'failed'; readonly reason: string };

export function isCommand(message: unknown): message is Command {
  return typeof message === 'object' && message !== null && 'do' in message;
}

export function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'says' in message;
}
