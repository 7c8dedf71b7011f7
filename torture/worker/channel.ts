import type { Message } from '../protocol.js';

/** Resolves when it is on its way, so that a signal that comes then does not keep it from being heard. */
export function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('This program is to be started by the torture.');
    // A parent that is gone is no error here.
    process.send(message, undefined, undefined, () => resolve());
  });
}
