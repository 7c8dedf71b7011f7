import { describe, expect, it } from 'vitest';
import { Ending } from '../../../src/cli/run/ending.js';
import type { ProcessGroup } from '../../../src/cli/run/process-group.js';

describe('a command that is ended', () => {
  it('is woken up to hear SIGTERM, should it be stopped', () => {
    const sent: NodeJS.Signals[] = [];
    const group: ProcessGroup = {
      named: [],
      survivors: () => [],
      isGone: () => false,
      signal: (signal) => void sent.push(signal),
    };
    const ending = new Ending(group, 60_000);
    expect(ending.reason).toBeNull();
    ending.begin('stalled');
    ending.stop();
    expect(sent).toEqual(['SIGTERM', 'SIGCONT']);
    expect(ending.reason).toBe('stalled');
  });
});
