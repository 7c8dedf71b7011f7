// A process that records runs in a history, one after the other, and prints the ID of each once it is recorded:
// node keeps-history.js <folder> <lock> <name> <count>

import { writeSync } from 'node:fs';
import { openHistory } from 'livinglock/history';

const [, , folder = '', lock = '', name = '', count = '0'] = process.argv;

// Enough for all, so that nothing may be missing after it is compacted.
const history = openHistory({ folder, maxRuns: 1_000_000 });
for (let index = 0; index < Number(count); index++) {
  const id = `${name}-${index}`;
  await history.record({ id, lock, outcome: 'succeeded', startedAt: new Date(), command: 'x'.repeat(400) });
  writeSync(1, `${id}\n`);
}
