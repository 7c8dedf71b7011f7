// A CPU-bound job, which gives the event loop no chance to run from the moment it has the lock until it is done:
// node crunch.js <lock> <stale timeout in milliseconds> <heartbeats|silence> <file that ends it>

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { acquire } from 'livinglock';

const ROUNDS_PER_CHECKPOINT = 1000;

const [, , path = '', staleTimeout, manner, end = ''] = process.argv;
const beats = manner === 'heartbeats';

const lock = await acquire(path, { staleTimeout: Number(staleTimeout), heartbeatMinimalInterval: 5 });
await new Promise((resolve) => {
  process.send?.('at work', resolve);
});

const failures: unknown[] = [];
let digest = Buffer.alloc(32);
while (!existsSync(end)) {
  for (let round = 0; round < ROUNDS_PER_CHECKPOINT; round++) {
    digest = createHash('sha256').update(digest).digest();
  }
  if (beats) lock.heartBeat().catch((error: unknown) => failures.push(error));
}

const report = (words: string) => process.send?.(words, () => process.disconnect());
lock.release().then(
  () => report(failures.length === 0 ? 'kept its lock' : `could not beat: ${failures[0]}`),
  (error: unknown) => report(error instanceof Error ? error.name : String(error)),
);
