// A long computation that never awaits: it blocks the event loop, and still sends heartbeats.
//
//     npm run example -- cpu-bound
//
// Timers do not fire while the event loop is blocked. `heartBeat()` works: with the file store, the heartbeat is on disk when
// the call returns.

import { join } from 'node:path';
import { acquire, inspect, type Lock } from 'livinglock';

const STALE_TIMEOUT = '500ms';

const path = join(import.meta.dirname, 'cpu-bound.lock');
await using lock = await acquire(path, { staleTimeout: STALE_TIMEOUT, heartbeatMinimalInterval: 50 });

const start = performance.now();
const { number, steps } = longestCollatzBelow(1_000_000, lock);
const duration = performance.now() - start;

console.log(`${number} takes ${steps} steps to 1, more than any smaller number.`);
const { state, heartbeatAge } = await inspect(path);
console.log(
  `Computed for ${Math.round(duration)} ms without an await, with a stale timeout of ${STALE_TIMEOUT}: ` +
    `the lock is ${state}, its last heartbeat was ${Math.round(heartbeatAge ?? 0)} ms ago.`,
);

function longestCollatzBelow(limit: number, lock: Lock) {
  let longest = { number: 1, steps: 0 };
  for (let number = 1; number < limit; number++) {
    const steps = collatzSteps(number);
    if (steps > longest.steps) longest = { number, steps };
    if (number % 1000 === 0) checkpoint(lock);
  }
  return longest;
}

/** The promise need not be awaited: a loss aborts the signal too. */
function checkpoint(lock: Lock): void {
  void lock.heartBeat();
  // A heartbeat that finds the lock lost aborts the signal before it returns, so this throws at once.
  lock.signal.throwIfAborted();
}

function collatzSteps(start: number): number {
  let steps = 0;
  for (let n = start; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) steps++;
  return steps;
}
