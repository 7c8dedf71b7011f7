import { describe, expect, it } from 'vitest';
import { describeRun, tookOf } from '../../../src/cli/terminal/describe-outcome.js';
import type { RunOutcome } from '../../../src/history/index.js';

function run(outcome: RunOutcome, exitCode: number | null) {
  return { outcome, exitCode, duration: 4000, signal: null, attempt: null };
}

describe('how long a run took', () => {
  it('is exact if the run has said so itself', () => {
    expect(tookOf(run('succeeded', 0))).toBe('4s');
    expect(describeRun(run('stalled', 124))).toBe('stalled: exit status 124 after 4s');
  });

  it.each([
    ['killed', 'was killed'],
    ['stalled', 'stalled'],
  ] as const)('is known up to its last heartbeat if another one has recorded it as %s', (outcome, words) => {
    expect(tookOf(run(outcome, null))).toBe('>4s');
    expect(describeRun(run(outcome, null))).toBe(`${words} after more than 4s`);
  });
});
