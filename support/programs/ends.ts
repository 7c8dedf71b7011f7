// A job that ends in one of many ways, in the middle of its work:
// node ends.js <ending> [<lock to acquire before>]

import { constants } from 'node:os';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

const [, , ending, path] = process.argv;

// Without a lock the library is not even loaded, so that all its effects on a process can be seen.
const lock = path === undefined ? null : await import('livinglock').then(({ acquire }) => acquire(path));
const work = setInterval(() => {}, 60_000);

const endings = new Map<string | undefined, () => void>([
  [
    'an uncaught exception',
    () => {
      throw new Error('made up');
    },
  ],
  ['an unhandled rejection', () => void Promise.reject(new Error('made up'))],
  ['process.exit()', () => process.exit(7)],
  [
    'an exit code',
    () => {
      process.exitCode = 5;
      clearInterval(work);
    },
  ],
  ['nothing left to do', () => clearInterval(work)],
]);

if (ending === 'its own handler') {
  process.on('SIGTERM', () => process.exit(128 + constants.signals.SIGTERM));
}
if (ending === 'its own release') {
  process.once('SIGTERM', async () => {
    await sleep(10);
    await lock?.release();
    process.exitCode = 3;
    clearInterval(work);
  });
}

// From then on it listens to signals.
await nextTurn();
process.send?.(lock?.name ?? 'no lock', () => {
  process.disconnect();
  endings.get(ending)?.();
});
