import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CommandEnder } from '../../../../src/cli/run/processes/end-command.js';
import type { ProcessGroup } from '../../../../src/cli/run/processes/process-group.js';
import { systemClock } from '../../../../src/index.js';
import { FakeClock } from '../../../../src/testing/index.js';
import { MINUTE } from '../../../../support/world.js';

describe('a command that is ended', () => {
  let sent: NodeJS.Signals[];
  let clock: FakeClock;
  let ending: CommandEnder;

  beforeEach(() => {
    sent = [];
    clock = new FakeClock();
    vi.spyOn(systemClock, 'sleep').mockImplementation((...args) => clock.sleep(...args));
    onTestFinished(() => void vi.restoreAllMocks());
    const group: ProcessGroup = {
      named: [],
      survivors: () => [],
      isGone: () => false,
      signal: (signal) => void sent.push(signal),
    };
    ending = new CommandEnder(group, MINUTE);
  });

  it('gets SIGTERM, and is woken up to receive it, should it be stopped', () => {
    expect(ending.reason).toBeNull();
    ending.begin('stalled');
    ending.stop();
    expect(sent).toEqual(['SIGTERM', 'SIGCONT']);
    expect(ending.reason).toBe('stalled');
  });

  it('gets SIGKILL if it is still there later', async () => {
    ending.begin('timed-out');
    await clock.advance(MINUTE - 1);
    expect(sent).toEqual(['SIGTERM', 'SIGCONT']);
    await clock.advance(1);
    expect(sent).toEqual(['SIGTERM', 'SIGCONT', 'SIGKILL']);
  });

  it('is ended once, for the first reason', () => {
    expect(ending.begin('stalled')).toBe(true);
    expect(ending.begin('lost')).toBe(false);
    ending.stop();
    expect(sent).toEqual(['SIGTERM', 'SIGCONT']);
    expect(ending.reason).toBe('stalled');
  });

  it('gets no SIGKILL once it is gone', async () => {
    ending.begin('lost');
    ending.stop();
    await clock.advance(2 * MINUTE);
    expect(sent).toEqual(['SIGTERM', 'SIGCONT']);
    expect(clock.sleeping).toBe(0);
  });

  it('does not keep the runner waiting for the time to end it', () => {
    ending.after(MINUTE, () => {});
    expect(systemClock.sleep).toHaveBeenCalledWith(MINUTE, expect.objectContaining({ ref: false }));
    ending.stop();
  });
});
