// A job that ends while its children go on under its lock, or not: node leaves.js <ending> <group or process> <lock> [<database>]

import { spawn } from 'node:child_process';
import { acquire, type Store, systemClock } from 'livinglock';
import { chosenStore } from './chosen-store.js';

const [, , ending, kind, path = '', database] = process.argv;

const store: Store = await chosenStore(
  database === undefined ? [] : ['sqlite', database],
  systemClock,
  () => {},
);
const lock = await acquire(path, { store, staleTimeout: Number.POSITIVE_INFINITY });
const isGroup = kind === 'group';
/** The leader of a group ends, unless its end is awaited. */
const script = isGroup && ending !== 'the end of the work' ? 'sleep 1000 & exit' : 'exec sleep 1000';
const worker = spawn('sh', ['-c', script], {
  detached: isGroup,
  stdio: 'ignore',
});
const { pid = 0 } = worker;
await lock.setWorkers([isGroup ? { group: pid } : pid]);
worker.unref();
const work = setInterval(() => {}, 60_000);

process.send?.(pid, () => {
  process.disconnect();
  switch (ending) {
    case 'an uncaught exception':
      throw new Error('made up');
    case 'nothing left to do':
      clearInterval(work);
      break;
    case 'the end of the work':
      worker.once('exit', () => process.exit(0));
      process.kill(pid, 'SIGKILL');
      break;
    case 'process.exit()':
      process.exit(7);
  }
});
