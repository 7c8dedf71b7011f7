import type { Progress } from '../../support/figures/progress.js';
import type { Effort } from '../effort.js';
import { Holder } from '../holder-process.js';
import type { Measurement } from '../measurement.js';
import type { Place } from '../place.js';
import { baseline, field } from '../rivals/field.js';
import type { Release } from '../rivals/rival.js';
import { measureByTurns, type Subject } from '../rounds.js';

export const busyAcquire = 'busy acquire';

/** Tries to acquire a lock that another process holds, and is refused. */
export async function measureBusyAcquire(
  place: Place,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  const holders = await Promise.all(field.map((rival) => Holder.start(rival, place.newPath())));
  try {
    const turns = await measureByTurns(holders.map(turnedAway), effort, progress);
    return { title: busyAcquire, baseline: baseline.name, ...turns };
  } finally {
    await Promise.all(holders.map((holder) => holder.end()));
  }
}

function turnedAway({ rival, path }: Holder): Subject {
  function refuse(release: Release | null): void {
    if (release !== null) throw new Error(`${rival.name} gave a lock away that another process holds`);
  }
  return {
    name: rival.name,
    run() {
      const pending = rival.acquire(path);
      return pending instanceof Promise ? pending.then(refuse) : refuse(pending);
    },
  };
}
