import { watchOthers } from '../support/figures/machine.js';
import type { Progress } from '../support/figures/progress.js';
import type { Effort } from './effort.js';
import type { Series } from './measurement.js';

/** Something to time. If it returns a promise, awaiting it counts too. */
export interface Subject {
  readonly name: string;
  run(): unknown;
}

/** The part of a measurement that comes from taking turns. */
export interface Turns {
  readonly series: readonly Series[];
  readonly byTurns: true;
  readonly others: number;
}

/**
 * Times all subjects in turns, A B C A B C …, so that whatever else the machine does affects all of them alike,
 * and cancels out in the ratio of two subjects in one round. The samples are nanoseconds per run.
 */
export async function measureByTurns(
  subjects: readonly Subject[],
  effort: Effort,
  progress: Progress,
): Promise<Turns> {
  const turns: { subject: Subject; runs: number; samples: number[] }[] = [];
  // All of them twice: shared code is compiled once more when the last subject has shown how it uses it.
  for (const subject of subjects) await calibrate(subject, effort);
  for (const subject of subjects)
    turns.push({ subject, runs: await calibrate(subject, effort), samples: [] });

  const shareOfOthers = watchOthers();
  for (let round = 1; round <= effort.rounds; round += 1) {
    progress.say(`round ${round} of ${effort.rounds}`);
    for (const { subject, runs, samples } of turns) {
      // Nobody pays for another subject's garbage.
      globalThis.gc?.({ type: 'minor' });
      samples.push(((await timeOf(subject, runs)) / runs) * 1e6);
    }
  }
  return {
    series: turns.map(({ subject, samples }) => ({ name: subject.name, samples })),
    byTurns: true,
    others: shareOfOthers(),
  };
}

/** Runs it until it is warm. Returns how many runs make one turn. */
async function calibrate(subject: Subject, { warmUp, turn }: Effort): Promise<number> {
  const end = performance.now() + warmUp;
  let runs = 1;
  for (;;) {
    const time = await timeOf(subject, runs);
    if (performance.now() >= end) return Math.max(1, Math.round((runs * turn) / time));
    if (time < turn / 2) runs *= 2;
  }
}

/** Milliseconds for that many runs. */
async function timeOf(subject: Subject, runs: number): Promise<number> {
  const start = performance.now();
  for (let run = 0; run < runs; run += 1) {
    const pending = subject.run();
    // A synchronous subject must not be charged for a turn of the event loop.
    if (pending instanceof Promise) await pending;
  }
  return performance.now() - start;
}
