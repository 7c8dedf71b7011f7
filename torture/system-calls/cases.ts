import { Random } from '../random.js';
import { allFaults, drawFault, type Fault } from './faults.js';
import { isBrief, JOBS, type Job } from './jobs.js';
import type { CallsOptions } from './options.js';
import type { Program } from './program.js';
import { callsOf, type Plan } from './round.js';

/** A run to be made. */
export interface Case extends Plan {
  /** The job's name. */
  readonly name: string;
}

/** What the options ask for: all faults once, or faults drawn at random without an end. */
export async function* cases(options: CallsOptions, program: Program): AsyncGenerator<Case> {
  const { every, job, seed } = options;
  const jobs = [...JOBS].filter(([name]) => job === '' || name === job);
  const faults = new Map<Job, readonly Fault[]>();
  const faultsOf = async (job: Job) => {
    const known = faults.get(job) ?? wanted(await allFaultsOf(job, program), options);
    faults.set(job, known);
    return known;
  };
  if (every) {
    for (const [name, job] of jobs) {
      for (const fault of await faultsOf(job)) yield { name, job, fault, program };
    }
    return;
  }
  const random = new Random(`${seed}, calls`);
  while (jobs.length > 0) {
    const index = random.below(jobs.length);
    const [name, job] = jobs[index] ?? [];
    if (name === undefined || job === undefined) return;
    const fault = drawFault(await faultsOf(job), random);
    if (fault === undefined) jobs.splice(index, 1);
    else yield { name, job, fault, program };
  }
}

async function allFaultsOf(job: Job, program: Program): Promise<Fault[]> {
  return allFaults(await callsOf(job, program), isBrief(job));
}

function wanted(faults: readonly Fault[], { call, error, when }: CallsOptions): Fault[] {
  return faults.filter(
    (fault) =>
      (call === '' || fault.call === call) &&
      (error === '' || fault.error === error) &&
      (when === 0 || fault.when === when),
  );
}
