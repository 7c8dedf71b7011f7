import { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { exitOf, judgeExit } from '../../../src/cli/run/exit-status.js';

const OK = { code: 0, signal: null };
const FAILED = { code: 3, signal: null };
/** Windows has no such signal, and no failure there is `unread`. */
const PIPE = 128 + Number(constants.signals.SIGPIPE);

const ENDED = { code: null, signal: 'SIGTERM' } as const;

describe('the end of a run', () => {
  it.each([
    ['the command succeeded', null, OK, [], 0, 'succeeded'],
    ['the command failed', null, FAILED, [], 3, 'failed'],
    ['a signal ended the command', null, ENDED, [], 143, 'ended-by-signal'],
    ['the lock was lost', 'lost', OK, [], 76, 'lost'],
    ['the command stalled', 'stalled', ENDED, [], 124, 'stalled'],
    ['the command took too long', 'timed-out', FAILED, [], 124, 'timed-out'],
    ['its output was lost', null, FAILED, ['unread', 'failed'], 74, 'failed'],
    ['it succeeded, and its output was lost', null, OK, ['failed'], 74, 'failed'],
    ['nobody read its last output', null, OK, ['unread'], PIPE, 'failed'],
    ['nobody read it and it failed', null, FAILED, ['unread'], 3, 'failed'],
  ] as const)('if %s', (_when, reason, exit, failures, status, outcome) => {
    expect(judgeExit(reason, exit, failures)).toEqual({ status, outcome });
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
