import type { Run } from '../../history/index.js';

/** How a run ended that did not succeed, as the end of a sentence: `failed with exit status 4`. */
export function describeEnd({ outcome, exitCode, signal, reason, progress }: Run): string {
  switch (outcome) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      return exitCode === null ? 'failed' : `failed with exit status ${exitCode}`;
    case 'ended-by-signal':
      return `was ended by ${signal ?? 'a signal'}`;
    case 'stalled':
      return 'stalled';
    case 'timed-out':
      return 'timed out';
    case 'lost':
      return 'lost its lock';
    case 'not-started':
      return `did not start${reason === null ? '' : `: ${reason.replace(/\.$/, '')}`}`;
    case 'killed': {
      const ratio = progress?.ratio ?? null;
      return `was killed${ratio === null ? '' : `, last seen at ${Math.floor(ratio * 100)} %`}`;
    }
  }
}
