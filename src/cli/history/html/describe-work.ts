import { describeWork } from '../../../core/describe-holder.js';
import type { PastRun } from '../../../history/index.js';

// What ran. It is usually the same for all runs of a lock, so it is shown once, and again only where it differs.

/** What most of the runs were: `./backup.sh in /srv/shop, as root on db-1`. Empty if they do not say. */
export function usualWork(runs: readonly PastRun[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const work = workOf(run);
    counts.set(work, (counts.get(work) ?? 0) + 1);
  }
  const [usual] = [...counts].toSorted(([, one], [, other]) => other - one);
  return usual?.[0] ?? '';
}

export function workOf(run: PastRun): string {
  const { user, host } = run;
  const by = [user !== null && `as ${user}`, host !== null && `on ${host}`].filter((part) => part !== false);
  return [describeWork(run), by.join(' ')].filter((part) => part !== '').join(', ');
}
