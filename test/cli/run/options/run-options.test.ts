import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../../src/cli/errors/exit-codes.js';
import { RUN } from '../../../../src/cli/run/command.js';
import {
  completeRunOptions,
  RUN_OPTIONS,
  type RunValues,
} from '../../../../src/cli/run/options/run-options.js';
import { HOUR, MINUTE, SECOND } from '../../../../support/world.js';
import { NO_OPTIONS } from '../stage.js';

const SQLITE = { kind: 'sqlite', text: 'sqlite:/locks.db' } as const;
const REDIS = { kind: 'redis', text: 'redis://db-1' } as const;

function complete(changes: Partial<RunValues> = {}) {
  return completeRunOptions({ ...NO_OPTIONS, ...changes });
}

describe('options of a run', () => {
  it('say whether it is recorded', () => {
    expect(complete().history).toBe('default');
    expect(complete({ history: true }).history).toBe('on');
    expect(complete({ noHistory: true }).history).toBe('off');
  });

  it('say what becomes of the output', () => {
    const usual = { path: null, keep: 20, size: 10 * 1024 * 1024 };
    expect(complete().output).toEqual({ passOn: 'always', log: null });
    expect(complete({ log: true, output: 'never' }).output).toEqual({ passOn: 'never', log: usual });
    expect(complete({ log: '/var/log/jobs/', keepLogs: 3, logSize: 5000 }).output.log).toEqual({
      path: '/var/log/jobs/',
      keep: 3,
      size: 5000,
    });
    expect(complete({ keepLogs: 3 }).output.log).toEqual({ ...usual, keep: 3 });
    expect(complete({ logSize: 5000 }).output.log).toEqual({ ...usual, size: 5000 });
  });

  it('are to notice no stall where others can see whether the command exists', () => {
    expect(complete()).toMatchObject({
      proof: { by: 'alive' },
      staleTimeout: Number.POSITIVE_INFINITY,
      heartbeatInterval: MINUTE,
      timeout: Number.POSITIVE_INFINITY,
      isStallUnseen: false,
    });
    expect(complete({ store: SQLITE }).staleTimeout).toBe(Number.POSITIVE_INFINITY);
  });

  it('notice a stall after an hour elsewhere, or with another proof', () => {
    expect(complete({ store: REDIS }).staleTimeout).toBe(HOUR);
    expect(complete({ heartbeat: { by: 'output' } }).staleTimeout).toBe(HOUR);
    expect(complete({ staleTimeout: 5 }).staleTimeout).toBe(5);
  });

  it('beat each minute, or twice in a short stale timeout', () => {
    expect(complete({ staleTimeout: MINUTE + 1 }).heartbeatInterval).toBe(MINUTE);
    expect(complete({ staleTimeout: MINUTE }).heartbeatInterval).toBe(MINUTE / 2);
    expect(complete({ staleTimeout: MINUTE, heartbeatInterval: 7 }).heartbeatInterval).toBe(7);
  });

  it('refuse an interval that is not shorter than the stale timeout', () => {
    const usage = expect.objectContaining({ exitCode: ExitCode.usage });
    expect(() => complete({ staleTimeout: 9, heartbeatInterval: 9 })).toThrow(usage);
    expect(() => complete({ staleTimeout: 9, heartbeatInterval: 8 })).not.toThrow();
  });

  it('let a run be sticky only with an owner', () => {
    const usage = expect.objectContaining({ exitCode: ExitCode.usage });
    expect(() => complete({ sticky: true })).toThrow(usage);
    expect(complete({ sticky: true, owner: 'web-1' })).toMatchObject({ sticky: true, owner: 'web-1' });
    expect(complete({ owner: 'web-1' }).sticky).toBe(false);
  });

  it('know whether a stale timeout was given that notices no stall', () => {
    expect(complete({ staleTimeout: HOUR }).isStallUnseen).toBe(true);
    expect(complete({ staleTimeout: HOUR, heartbeat: { by: 'alive' } }).isStallUnseen).toBe(false);
    expect(complete({ staleTimeout: HOUR, heartbeat: { by: 'output' } }).isStallUnseen).toBe(false);
    expect(complete({ staleTimeout: HOUR, store: REDIS }).isStallUnseen).toBe(false);
  });

  it('pass a limit and a line on', () => {
    expect(complete({ timeout: 5, command: 'make' })).toMatchObject({ timeout: 5, line: 'make' });
  });
});

describe('the value of an option', () => {
  it.each([
    { option: RUN_OPTIONS.owner, good: ['web-1'], bad: [''] },
    { option: RUN_OPTIONS.label, good: ['nightly', ' x '], bad: ['', ' \t'] },
    { option: RUN_OPTIONS.command, good: ['a | b', ' x '], bad: ['', ' \n'] },
    { option: RUN_OPTIONS.holdAtLeast, good: ['1h', '0'], bad: ['infinity', 'x'] },
    { option: RUN_OPTIONS.staleTimeout, good: ['1', 'infinity'], bad: ['0', '-1'] },
    { option: RUN_OPTIONS.log, good: ['/var/log/jobs/', 'x'], bad: [''] },
    { option: RUN_OPTIONS.keepLogs, good: ['1', '1000'], bad: ['0', '-1', '1.5', ''] },
    {
      option: RUN_OPTIONS.logSize,
      good: ['65536', '64k', '1.5M', '2GB', '1GiB'],
      bad: ['65535', 'M', '', '1X', 'x'],
    },
    { option: RUN_OPTIONS.conflictExitCode, good: ['0', '255'], bad: ['256', '-1', '1x', 'x1', '1.5', ''] },
  ])('$option.flags takes $good, and refuses $bad', ({ option, good, bad }) => {
    for (const text of good) expect(() => option.parse(text)).not.toThrow();
    for (const text of bad) expect(() => option.parse(text)).toThrow();
  });

  it('is passed on as it was given', () => {
    expect(RUN_OPTIONS.owner.parse('web-1')).toBe('web-1');
    expect(RUN_OPTIONS.label.parse(' a ')).toBe(' a ');
    expect(RUN_OPTIONS.command.parse(' a ')).toBe(' a ');
    expect(RUN_OPTIONS.holdAtLeast.parse('1m')).toBe(MINUTE);
    expect(RUN_OPTIONS.staleTimeout.parse('1m')).toBe(MINUTE);
    expect(RUN_OPTIONS.conflictExitCode.parse('7')).toBe(7);
  });

  it('is safe by default', () => {
    expect(RUN_OPTIONS.onStall).toMatchObject({ choices: ['end', 'warn'], default: { value: 'end' } });
    expect(RUN_OPTIONS.killAfter.default.value).toBe(10 * SECOND);
    expect(RUN_OPTIONS.wait.default.value).toBe(0);
    expect(RUN_OPTIONS.holdAtLeast.default.value).toBe(0);
    expect(RUN_OPTIONS.conflictExitCode.default.value).toBe(ExitCode.busy);
  });
});

describe('a run', () => {
  const given = (name: 'command' | 'quiet' | 'log') => ({ name, option: RUN_OPTIONS[name], text: 'x' });

  it('explains a command that was not separated from the lock', () => {
    expect(RUN.tooMany?.({ wrapped: null, given: [] })).toContain('Put -- between');
    expect(RUN.tooMany?.({ wrapped: ['echo'], given: [] })).toMatch(/^Name one lock before --(?!.*--log)/);
    expect(RUN.tooMany?.({ wrapped: ['echo'], given: [given('log')] })).toMatch(
      /before --\. The path of --log/,
    );
    expect(RUN.tooMany?.({ wrapped: null, given: [given('command')] })).toContain('Put the line in quotes');
    expect(RUN.tooMany?.({ wrapped: null, given: [given('quiet')] })).toContain('Put -- between');
    expect(RUN.isWrapper).toBe(true);
  });
});
