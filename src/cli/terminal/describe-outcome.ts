import type { Run } from '../../history/index.js';
import { formatTook } from './age.js';

type Took = Pick<Run, 'outcome' | 'exitCode' | 'duration'>;

/** How long a run took. */
export function tookOf(run: Took): string {
  return `${isLonger(run) ? '>' : ''}${formatTook(run.duration)}`;
}

/** Whether only its last heartbeat is known, because another run has recorded it. */
function isLonger({ outcome, exitCode }: Took): boolean {
  return outcome === 'killed' || (outcome === 'stalled' && exitCode === null);
}

/** How a run ended, and how long it took, as the end of a sentence about its command. */
export function describeRun(
  run: Pick<Run, 'outcome' | 'signal' | 'exitCode' | 'duration' | 'attempt'>,
): string {
  const { exitCode, duration } = run;
  const status = exitCode === null ? '' : `: exit status ${exitCode}`;
  return `${describeEnd(run)}${status} after ${isLonger(run) ? 'more than ' : ''}${formatTook(duration)}`;
}

/** How a run ended, in words. */
export function describeEnd({
  outcome,
  signal,
  attempt,
}: Pick<Run, 'outcome' | 'signal' | 'attempt'>): string {
  switch (outcome) {
    case 'succeeded':
    case 'failed':
    case 'stalled':
      return outcome;
    case 'ended-by-signal':
      return `was ended by ${signal ?? 'a signal'}`;
    case 'timed-out':
      return 'reached its time limit';
    case 'lost':
      return 'lost its lock';
    case 'not-started':
      return attempt !== null && attempt > 1 ? 'was not started again' : 'was not started';
    case 'killed':
      return 'was killed';
  }
}
