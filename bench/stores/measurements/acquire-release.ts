import type { Progress } from '../../../support/figures/progress.js';
import type { Effort } from '../../effort.js';
import type { Measurement } from '../../measurement.js';
import { measureByTurns, type Subject } from '../../rounds.js';
import type { Field } from '../engines/engine.js';
import { hold } from '../rivals/hold.js';
import type { Rival } from '../rivals/rival.js';

/** Takes a free lock and releases it. */
export async function measureAcquireRelease(
  { bare, rivals, newLock }: Field,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  const subjects = rivals.map((rival) => acquireAndRelease(rival, newLock()));
  const turns = await measureByTurns([bare, ...subjects], effort, progress);
  return { title: 'acquire + release', baseline: bare.name, ...turns };
}

function acquireAndRelease(rival: Rival, lock: string): Subject {
  return {
    name: rival.name,
    async run() {
      const held = await hold(rival, lock);
      await held.release();
    },
  };
}
