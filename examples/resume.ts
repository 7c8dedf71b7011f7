// A job that resumes where the last run was killed: the page that was done last is in the note of that run's lock.
//
//     npm run example -- resume --crash-at 4
//     npm run example -- resume
//
// A run that fails but releases its lock leaves no note. `checksum-tree.ts` resumes after any end, from checkpoints in a file.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Predecessor, tryWithLock } from 'livinglock';

const PAGES = 10;

const { values } = parseArgs({ options: { lock: { type: 'string' }, 'crash-at': { type: 'string' } } });
const path = values.lock ?? join(import.meta.dirname, 'resume.lock');

// Every heartbeat is written. Otherwise the next run would load again what was done since the last one that was.
const options = { staleTimeout: '10m', heartbeatMinimalInterval: 0 } as const;
const { ran, busy } = await tryWithLock(path, options, async (lock) => {
  const done = pagesDoneBy(lock.predecessor);
  if (lock.predecessor !== null) {
    const { state, reason } = lock.predecessor;
    console.log(`the last run is ${state} (${reason}); ${done} of ${PAGES} pages are done`);
  }
  const note = (page: number) => lock.heartBeat({ progress: page / PAGES, note: `${page}` });
  // The new lock has no note yet, and this run may be killed before its first page.
  await note(done);
  for (let page = done + 1; page <= PAGES; page++) {
    await load(page);
    await note(page);
    if (page === Number(values['crash-at'])) process.kill(process.pid, 'SIGKILL');
  }
});
console.log(ran ? 'done' : busy.message);

/** A torn lock file has no record, and a run that was killed at once has no note. */
function pagesDoneBy(predecessor: Predecessor | null): number {
  return Number(predecessor?.record?.progress?.note ?? 0);
}

/** Stands in for work that may be repeated: a page that was loaded but not yet noted is loaded again. */
async function load(page: number): Promise<void> {
  await sleep(20);
  console.log(`loads page ${page}`);
}
