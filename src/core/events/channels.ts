import { channel } from 'node:diagnostics_channel';
import type {
  AcquiredEvent,
  BusyEvent,
  HeartbeatEvent,
  LostEvent,
  ReleasedEvent,
  TakeoverEvent,
  WaitingEvent,
} from './events.js';

/**
 * A channel of `node:diagnostics_channel` that knows the type of its messages.
 *
 * Subscribers are called synchronously. If one throws, the lock and the other subscribers are not affected: Node reports an uncaught exception, which
 * ends the process unless it is handled.
 */
export interface LockChannel<Event> {
  /** The channel's name in `node:diagnostics_channel`, such as `livinglock:acquired`. */
  readonly name: string | symbol;
  /** Whether anyone listens. If not, the library does not even put an event together. */
  readonly hasSubscribers: boolean;
  /** Calls the function for each event. */
  subscribe(onEvent: (event: Event, name: string | symbol) => void): void;
  /** No longer calls the function. */
  unsubscribe(onEvent: (event: Event, name: string | symbol) => void): void;
  /** Calls all subscribers, so that they can be tested. The library publishes the real events itself. */
  publish(event: Event): void;
}

/** One channel for each kind of event. */
export type LockChannels = {
  /** `livinglock:acquired`: once for each acquisition. */
  readonly acquired: LockChannel<AcquiredEvent>;
  /** `livinglock:takeover`: before `acquired`, if the lock was not free but its holder was dead or had stalled. */
  readonly takeover: LockChannel<TakeoverEvent>;
  /** `livinglock:waiting`: once for each call that finds the lock busy and waits for it. */
  readonly waiting: LockChannel<WaitingEvent>;
  /** `livinglock:busy`: once for each call that gives up because the lock is busy, at once or after waiting. */
  readonly busy: LockChannel<BusyEvent>;
  /** `livinglock:heartbeat`: for each heartbeat that was written, also by `setWorkers()`. A call within the minimal interval writes none. */
  readonly heartbeat: LockChannel<HeartbeatEvent>;
  /** `livinglock:lost`: once, when the loss is noticed; `released` does not follow. */
  readonly lost: LockChannel<LostEvent>;
  /** `livinglock:released`: once, also when the exit of the process releases the lock. */
  readonly released: LockChannel<ReleasedEvent>;
};

/**
 * Reports what happens to the locks of this process, for logs, metrics and traces; see `docs/events.md`. Subscribe before the first lock is acquired.
 *
 * These are channels of `node:diagnostics_channel`, so they are shared by all copies of the library, and each thread has its own.
 *
 * @example
 * import { channels } from 'livinglock';
 *
 * channels.lost.subscribe(({ lock, held, error }) => {
 *   console.error(`${lock} was lost after ${held} ms: ${error.message}`);
 * });
 */
export const channels: LockChannels = {
  acquired: channelOf('acquired'),
  takeover: channelOf('takeover'),
  waiting: channelOf('waiting'),
  busy: channelOf('busy'),
  heartbeat: channelOf('heartbeat'),
  lost: channelOf('lost'),
  released: channelOf('released'),
};

/** Node's own type says nothing about messages. */
function channelOf<Event>(event: string): LockChannel<Event>;
function channelOf(event: string): unknown {
  return channel(`livinglock:${event}`);
}
