import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startActor } from '../../support/actors.js';
import { outcomeOf } from '../../support/outcomes.js';
import { Room } from '../../support/witness.js';

/** How often a process must get in for a test that kills them there to mean anything. */
const VISITS = 100;
const AT_ONCE = 4;

export interface RandomKills {
  /** The lock. */
  readonly path: string;
  /** The folder of a {@link Room}. */
  readonly room: string;
  /** Where the lock is stored, see `programs/chosen-store.ts`. Default: in a file. */
  readonly store?: readonly string[];
  readonly least: number;
  /** Raised if nobody gets in often enough. */
  readonly most: number;
  /** How many milliseconds a process lives at most, as long as others get in as often as they are killed. */
  readonly life: number;
}

/** Kills processes that work under a lock at random moments, and replaces them. No two may ever be inside at once. */
export async function killAtRandom({ path, room, store, least, most, life }: RandomKills): Promise<void> {
  const witness = new Room(room);
  const killed = new Set<number>();

  const killOneAfterTheOther = async () => {
    while (killed.size < least || (witness.visits < VISITS && killed.size < most)) {
      const worker = await startActor(store === undefined ? {} : { store });
      const answer = worker.ask({ do: 'work', path, room });
      // The less often a process gets in on a busy machine, the longer they live.
      await sleep(Math.random() * life * (1 + killed.size / (1 + witness.visits)));
      killed.add(worker.pid);
      await worker.kill();
      expect(outcomeOf(await answer)).toBe('killed');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, killOneAfterTheOther));

  expect(witness.overlaps(killed)).toEqual([]);
  expect(witness.visits).toBeGreaterThanOrEqual(VISITS);
}
