import type { Progress } from '../../../support/figures/progress.js';
import type { Effort } from '../../effort.js';
import type { Measurement } from '../../measurement.js';
import { measureByTurns, type Subject } from '../../rounds.js';
import type { Field } from '../engines/engine.js';
import { hold } from '../rivals/hold.js';
import type { Rival } from '../rivals/rival.js';

/** Tries to acquire a lock that another holder has, and is refused. */
export async function measureBusyAcquire(
  { bare, rivals, newLock }: Field,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  const subjects = rivals.map((rival) => ({ rival, lock: newLock() }));
  const holders = await Promise.all(subjects.map(({ rival, lock }) => hold(rival, lock)));
  const turns = await measureByTurns([bare, ...subjects.map(turnedAway)], effort, progress);
  await Promise.all(holders.map((held) => held.release()));
  return { title: 'busy acquire', baseline: bare.name, ...turns };
}

function turnedAway({ rival, lock }: { readonly rival: Rival; readonly lock: string }): Subject {
  return {
    name: rival.name,
    async run() {
      const held = await rival.acquire(lock);
      if (held !== null) throw new Error(`${rival.name} gave ${lock} away, which somebody else holds`);
    },
  };
}
