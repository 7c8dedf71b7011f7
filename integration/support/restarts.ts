import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startActors } from '../../support/actors.js';
import { Room } from '../../support/witness.js';

const WORKERS = 4;
const RESTARTS = 3;
const VISITS = 50;

/**
 * Lets processes work under a lock while its server is restarted repeatedly: no two are ever inside, and all go on.
 *
 * @param store What an actor is told about the store, see `programs/chosen-store.ts`.
 * @param folder The folder of a {@link Room}.
 */
export async function expectToStandRestarts(
  store: readonly string[],
  folder: string,
  restart: (count: number) => Promise<void>,
): Promise<void> {
  const room = new Room(folder);
  const workers = await startActors(WORKERS, { store });
  const ended: unknown[] = [];
  for (const worker of workers) {
    void worker.ask({ do: 'workOn', path: 'nightly', room: folder }).then((end) => ended.push(end));
  }
  for (let count = 1; count <= RESTARTS; count++) {
    await visitsToReach(room, room.visits + VISITS, ended);
    await restart(count);
  }
  await visitsToReach(room, room.visits + VISITS, ended);
  await Promise.all(workers.map((worker) => worker.kill()));
  expect(room.overlaps(new Set(workers.map(({ pid }) => pid)))).toEqual([]);
}

/** Fails through the time limit of the test runner. */
async function visitsToReach(room: Room, count: number, ended: readonly unknown[]): Promise<void> {
  while (room.visits < count) {
    if (ended.length > 0) throw new Error(`A worker has ended: ${JSON.stringify(ended)}`);
    await sleep(20);
  }
}
