import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../support/figures/progress.js';
import type { Effort } from '../effort.js';
import { Holder } from '../holder-process.js';
import type { Measurement, Series } from '../measurement.js';
import type { Place } from '../place.js';
import { baseline, judgingByAge, judgingByDeath } from '../rivals/field.js';
import { kernelLock } from '../rivals/kernel.js';
import type { Rival } from '../rivals/rival.js';

/**
 * Kills holders, and takes their locks: how long it takes until a contender that keeps trying has the lock, and what
 * one acquire costs when the holder is known to be gone. For each place.
 */
export async function measureAfterDeath(
  places: readonly Place[],
  effort: Effort,
  progress: Progress,
): Promise<Measurement[][]> {
  // Those that wait for a lock to grow old only sleep, so all of them run at once, beside the others.
  const patient = Promise.all(places.map((place) => outlast(place, effort.longDeaths)));
  // It is awaited below; this is for a failure before that.
  patient.catch(() => {});
  const prompt: Deaths[][] = [];
  for (const place of places) prompt.push(await succeed(place, effort.deaths, progress));
  const late = await patient;

  return places.map((_, index) => {
    const all = [...(prompt[index] ?? []), ...(late[index] ?? [])];
    return [
      {
        title: 'from SIGKILL to the next acquisition',
        series: all.map(({ rival, waits }) => ({ name: rival.name, samples: waits })),
        baseline: baseline.name,
        byTurns: false,
      },
      {
        title: 'one acquire after the exit',
        series: all.map(firstAcquires),
        baseline: kernelLock.name,
        byTurns: true,
      },
    ];
  });
}

/** How one rival handled the deaths of its holders, in nanoseconds. */
interface Deaths {
  readonly rival: Rival;
  readonly waits: number[];
  /** `null` if the lock was refused. */
  readonly firsts: (number | null)[];
}

function firstAcquires({ rival, firsts }: Deaths): Series {
  const samples = firsts.filter((time) => time !== null);
  return samples.length > 0
    ? { name: rival.name, samples }
    : { name: rival.name, samples, remark: 'still busy' };
}

/** In turns, with one holder for the wait and one for the first acquire. */
async function succeed(place: Place, rounds: number, progress: Progress): Promise<Deaths[]> {
  const deaths = judgingByDeath.map((rival): Deaths => ({ rival, waits: [], firsts: [] }));
  for (let round = 1; round <= rounds; round += 1) {
    progress.say(`${place.mount.type}, round ${round} of ${rounds}`);
    const holders = await Promise.all(deaths.map(({ rival }) => startTwo(rival, place)));
    for (const [index, { waits, firsts }] of deaths.entries()) {
      const [one, other] = holders[index] ?? [];
      if (one === undefined || other === undefined) continue;
      waits.push(await untilAcquired(one, one.kill()));
      other.kill();
      firsts.push(await firstAcquire(other));
    }
  }
  return deaths;
}

function startTwo(rival: Rival, place: Place): Promise<[Holder, Holder]> {
  return Promise.all([Holder.start(rival, place.newPath()), Holder.start(rival, place.newPath())]);
}

/** All at once, and both times from one holder, because the first acquire is refused. */
async function outlast(place: Place, rounds: number): Promise<Deaths[]> {
  return Promise.all(
    judgingByAge.map(async (rival): Promise<Deaths> => {
      const deaths = await Promise.all(
        Array.from({ length: rounds }, async () => {
          const holder = await Holder.start(rival, place.newPath());
          const killed = holder.kill();
          return { first: await firstAcquire(holder), wait: await untilAcquired(holder, killed) };
        }),
      );
      return { rival, waits: deaths.map(({ wait }) => wait), firsts: deaths.map(({ first }) => first) };
    }),
  );
}

/** Nanoseconds from a time of `performance.now()`. Tries again after a hundredth of the time it has waited so far. */
async function untilAcquired({ rival, path }: Holder, since: number): Promise<number> {
  for (;;) {
    const release = await rival.acquire(path);
    const elapsed = performance.now() - since;
    if (release !== null) {
      await release();
      return elapsed * 1e6;
    }
    await sleep(Math.max(1, elapsed / 100));
  }
}

/** Nanoseconds, or `null` if the lock is refused. */
async function firstAcquire(holder: Holder): Promise<number | null> {
  await holder.exit();
  const start = performance.now();
  const release = await holder.rival.acquire(holder.path);
  const elapsed = performance.now() - start;
  await release?.();
  return release === null ? null : elapsed * 1e6;
}
