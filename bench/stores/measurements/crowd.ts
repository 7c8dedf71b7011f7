import type { Progress } from '../../../support/figures/progress.js';
import type { Effort } from '../../effort.js';
import type { Measurement } from '../../measurement.js';
import { measureByTurns, type Subject } from '../../rounds.js';
import type { Field } from '../engines/engine.js';
import type { Rival } from '../rivals/rival.js';

/** How many contend at once. */
export const CROWD = 50;

/**
 * All contend for the same free lock at once: one gets it, the others are told that it is busy, then the one releases it. The total
 * time divided by the number of contenders, beside the same number of bare round trips at once.
 */
export async function measureCrowd(
  { bare, rivals, newLock }: Field,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  const atOnce = { name: bare.name, run: () => Promise.all(Array.from({ length: CROWD }, () => bare.run())) };
  const subjects = rivals.map((rival) => contention(rival, newLock()));
  const { series, ...turns } = await measureByTurns([atOnce, ...subjects], effort, progress);
  const shares = series.map(({ name, samples }) => ({ name, samples: samples.map((time) => time / CROWD) }));
  return { title: `one of ${CROWD} contenders`, baseline: bare.name, ...turns, series: shares };
}

function contention(rival: Rival, lock: string): Subject {
  return {
    name: rival.name,
    async run() {
      const answers = await Promise.all(Array.from({ length: CROWD }, () => rival.acquire(lock)));
      const winners = answers.filter((held) => held !== null);
      if (winners.length !== 1) {
        throw new Error(`${rival.name} gave ${lock} to ${winners.length} of ${CROWD} contenders`);
      }
      for (const winner of winners) await winner.release();
    },
  };
}
