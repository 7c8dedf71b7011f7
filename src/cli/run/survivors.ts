import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, systemProcesses, type Worker } from '../../index.js';
import type { ProcessGroup } from './process-group.js';

/** How often to look whether all processes of the command are gone: each time later, in milliseconds. */
const FIRST_LOOK = 10;
const LATEST_LOOK = 1000;
/** As many as a lock can name. */
const MOST_WORKERS = 4;

/** Resolves when none of the group is left. The command itself has ended; what it has left running is under the lock as well. */
export async function outlive(group: ProcessGroup, lock: Lock | null): Promise<void> {
  let named = JSON.stringify(group.named);
  for (let delay = FIRST_LOOK; ; delay = Math.min(delay * 2, LATEST_LOOK)) {
    if (group.isGone()) return;
    const survivors = group.survivors();
    const names = JSON.stringify(survivors);
    if (names !== named && (await nameWorkers(lock, survivors))) named = names;
    await sleep(delay);
  }
}

/** So that they keep the lock even should this process be killed. Gives whether the lock names all that it can. */
async function nameWorkers(lock: Lock | null, workers: readonly Worker[]): Promise<boolean> {
  // While all processes are listed a short one may end. It must not stand in the way of the others.
  const there = workers.filter(isThere).slice(0, MOST_WORKERS);
  if (there.length === 0) return false;
  try {
    await lock?.setWorkers(there);
    return true;
  } catch {
    // One of them has ended just now, or the lock is lost; the next look tells.
    return false;
  }
}

function isThere(worker: Worker): boolean {
  const [pid, isGroup] = typeof worker === 'number' ? [worker, false] : [worker.group, true];
  return systemProcesses().identify(pid, isGroup) !== null;
}
