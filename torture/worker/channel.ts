import type { Message } from '../protocol.js';

/** Resolves when the message is on its way, so that a signal afterwards cannot hold it back. */
export function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('This program must be started by the torture.');
    // A parent that is gone is no error here.
    process.send(message, undefined, undefined, () => resolve());
  });
}
