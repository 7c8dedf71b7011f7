import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_WORKERS } from '../../../core/record/record.js';
import { type Lock, systemProcesses, type Worker } from '../../../index.js';
import type { ProcessGroup } from './process-group.js';

/** How often to look whether all processes of the command are gone, in milliseconds: each interval longer than the last. */
const FIRST_LOOK = 10;
const LATEST_LOOK = 1000;

/** Resolves when the whole group is gone. The command itself has ended; whatever it left running is under the lock as well. */
export async function waitForSurvivors(group: ProcessGroup, lock: Lock | null): Promise<void> {
  let named = JSON.stringify(group.named);
  for (let delay = FIRST_LOOK; ; delay = Math.min(delay * 2, LATEST_LOOK)) {
    if (group.isGone()) return;
    const survivors = group.survivors();
    const names = JSON.stringify(survivors);
    if (names !== named && (await nameWorkers(lock, survivors))) named = names;
    await sleep(delay);
  }
}

/** Names the survivors in the lock, so that it stays held if this process is killed. Returns whether it names as many as it can. */
async function nameWorkers(lock: Lock | null, workers: readonly Worker[]): Promise<boolean> {
  // A short-lived process may end while the list is made. It must not hold up the others.
  const there = workers.filter(isThere).slice(0, MAX_WORKERS);
  if (there.length === 0) return false;
  try {
    await lock?.setWorkers(there);
    return true;
  } catch {
    // One of them has just ended, or the lock is lost; the next look tells.
    return false;
  }
}

function isThere(worker: Worker): boolean {
  const [pid, isGroup] = typeof worker === 'number' ? [worker, false] : [worker.group, true];
  return systemProcesses().identify(pid, isGroup) !== null;
}
