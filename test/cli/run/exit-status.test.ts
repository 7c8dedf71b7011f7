import { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { exitOf, outcomeAfter, statusAfter } from '../../../src/cli/run/exit-status.js';

const OK = { code: 0, signal: null };
const FAILED = { code: 3, signal: null };
/** Windows has no such signal, and no failure there is `unread`. */
const PIPE = 128 + Number(constants.signals.SIGPIPE);

describe('the exit status of a run', () => {
  it.each([
    { when: 'the command succeeded', reason: null, exit: OK, failures: [], status: 0 },
    { when: 'the command failed', reason: null, exit: FAILED, failures: [], status: 3 },
    {
      when: 'a signal ended the command',
      reason: null,
      exit: { code: null, signal: 'SIGTERM' },
      failures: [],
      status: 143,
    },
    { when: 'the lock was lost', reason: 'lost', exit: OK, failures: [], status: 76 },
    { when: 'the command stalled', reason: 'stalled', exit: OK, failures: [], status: 124 },
    { when: 'the command took too long', reason: 'timeout', exit: FAILED, failures: [], status: 124 },
    { when: 'its output was lost', reason: null, exit: FAILED, failures: ['unread', 'failed'], status: 74 },
    { when: 'nobody read its last output', reason: null, exit: OK, failures: ['unread'], status: PIPE },
    { when: 'nobody read it and it failed', reason: null, exit: FAILED, failures: ['unread'], status: 3 },
  ] as const)('is $status if $when', ({ reason, exit, failures, status }) => {
    expect(statusAfter(reason, exit, failures)).toBe(status);
  });
});

describe('the outcome of a run', () => {
  it.each([
    [null, OK, 0, 'succeeded'],
    [null, FAILED, 3, 'failed'],
    [null, OK, 74, 'failed'],
    [null, { code: null, signal: 'SIGKILL' }, 137, 'ended-by-signal'],
    ['lost', OK, 76, 'lost'],
    ['stalled', { code: null, signal: 'SIGTERM' }, 124, 'stalled'],
    ['timeout', FAILED, 124, 'timed-out'],
  ] as const)('with the reason %s, the end %j and the status %i is %s', (reason, exit, status, outcome) => {
    expect(outcomeAfter(reason, exit, status)).toBe(outcome);
  });
});

describe('the end of a command', () => {
  it('is an error of cross-spawn only if the command has ended', async () => {
    const child = new ChildProcess();
    const exited = exitOf(child);
    child.emit('error', new Error('it cannot be ended'));
    Object.assign(child, { exitCode: 1 });
    child.emit('error', new Error('spawn dir ENOENT'));
    expect(await exited).toEqual({ code: 1, signal: null });
  });
});
