import { describe, expect, it } from 'vitest';
import { ExitCode } from '../../../../src/cli/errors/exit-codes.js';
import { commandOf, isForCmd, quoted } from '../../../../src/cli/run/options/wrapped-command.js';
import { pretend } from '../../../../support/replace.js';

describe('the command of a run', () => {
  it('is what stands behind --, or a line for the shell', () => {
    pretend('linux');
    expect(commandOf(['make', 'all'], undefined, 'missing')).toEqual(['make', 'all']);
    expect(commandOf(null, 'make | tee log', 'missing')).toEqual(['/bin/sh', '-c', 'make | tee log']);
    pretend('win32');
    expect(commandOf(null, 'make | sort', 'missing')).toEqual(['cmd.exe', '/d', '/s', '/c', '"make | sort"']);
  });

  it('must be given once', () => {
    const usage = { exitCode: ExitCode.usage };
    expect(() => commandOf(null, undefined, 'missing')).toThrow(expect.objectContaining(usage));
    expect(() => commandOf(null, undefined, 'missing')).toThrow('missing');
    expect(() => commandOf(['make'], 'make', 'missing')).toThrow(expect.objectContaining(usage));
  });

  it.each([
    { command: ['cmd.exe', '/d', '/s', '/c', '"a\nb"'], is: true },
    { command: ['cmd.exe', '/d', '/s', '/c', 'x"a"'], is: false },
    { command: ['cmd.exe', '/d', '/s', '/c', '"a"x'], is: false },
    { command: ['cmd.exe', '/d', '/s', '/c'], is: false },
    { command: ['cmd.exe', '/d', '/c', '/s', '"a"'], is: false },
    { command: ['cmd', '/d', '/s', '/c', '"a"'], is: false },
  ])('$command is a line for cmd.exe: $is', ({ command, is }) => {
    expect(isForCmd(command)).toBe(is);
  });

  it.each([
    ['--file=a,b:c@d+1%/._-', '--file=a,b:c@d+1%/._-'],
    ['a b', "'a b'"],
    [' a', "' a'"],
    ['a ', "'a '"],
    ['', "''"],
    ["it's 'so'", "'it'\\''s '\\''so'\\'''"],
  ])('%j is shown as %s', (argument, shown) => {
    expect(quoted(argument)).toBe(shown);
  });
});
