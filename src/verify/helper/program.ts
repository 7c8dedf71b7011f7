// A process that helps to verify a file system: it looks at files, or contends for a lock, and says what comes of it.

import { systemFileSystem } from '../../stores/file/file-system.js';
import { contend } from './contend.js';
import { type Command, isCommand, type Message } from './messages.js';
import { observe, observeUntil } from './observe.js';

const stopping = new AbortController();

function obey(command: Command): void {
  switch (command.do) {
    case 'look':
      void say({ says: 'saw', sight: observe(systemFileSystem, command.path) });
      return;
    case 'watch':
      void say({ says: 'watching' });
      void say({
        says: 'watched',
        sightings: observeUntil(systemFileSystem, command.path, command.last, command.timeout),
      });
      return;
    case 'contend':
      // What goes wrong in an unforeseen way ends the process, and the other side sees that.
      void contend(command.lock, say, stopping.signal).then(leave);
      return;
    case 'stop':
      stopping.abort();
      return;
  }
}

/** Resolves when the message has been handed over, so that not even SIGKILL can keep it back. */
function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

function leave(): void {
  process.disconnect();
}

process.on('message', (command) => {
  if (!isCommand(command)) throw new TypeError(`Not a command: ${JSON.stringify(command)}`);
  obey(command);
});
// Nobody is left to help: also when the other side was killed.
process.on('disconnect', () => process.exit());
void say({ says: 'ready' });
