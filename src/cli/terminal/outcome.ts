import type { Run } from '../../history/index.js';

/** How a run ended, as the end of a sentence about its command. */
export function describeEnd({ outcome, signal }: Pick<Run, 'outcome' | 'signal'>): string {
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
      return 'was not started';
    case 'killed':
      return 'was killed';
  }
}
