import { onTestFinished } from 'vitest';
import { channels, type LockEvent } from '../src/index.js';

/** An event, with the name of its channel. */
export type Published = LockEvent & { readonly channel: string };

/** The events of one lock until the end of the test, in order. Those to come appear too. */
export function eventsOf(lock: string): readonly Published[] {
  const events: Published[] = [];
  const onEvent = (event: LockEvent, name: string | symbol) => {
    if (event.lock === lock) events.push({ channel: String(name).replace(/^livinglock:/, ''), ...event });
  };
  for (const channel of Object.values(channels)) {
    channel.subscribe(onEvent);
    onTestFinished(() => channel.unsubscribe(onEvent));
  }
  return events;
}

/** The names of their channels. */
export function namesOf(events: readonly Published[]): readonly string[] {
  return events.map(({ channel }) => channel);
}
