import type { Progress } from '../../support/figures/progress.js';
import type { Effort } from '../effort.js';
import type { Measurement } from '../measurement.js';
import type { Place } from '../place.js';
import { baseline, field } from '../rivals/field.js';
import { guardCalls } from '../rivals/guard-calls.js';
import type { Rival } from '../rivals/rival.js';
import { measureByTurns, type Subject } from '../rounds.js';

export const acquireRelease = 'acquire + release';

/** Takes a free lock and releases it. */
export async function measureAcquireRelease(
  place: Place,
  effort: Effort,
  progress: Progress,
): Promise<Measurement> {
  const subjects = [...field, guardCalls].map((rival) => acquireAndRelease(rival, place.newPath()));
  const turns = await measureByTurns(subjects, effort, progress);
  return { title: acquireRelease, baseline: baseline.name, ...turns };
}

function acquireAndRelease(rival: Rival, path: string): Subject {
  rival.prepare?.(path);
  return {
    name: rival.name,
    run() {
      const pending = rival.acquire(path);
      if (pending instanceof Promise) return pending.then((release) => release?.());
      return pending?.();
    },
  };
}
