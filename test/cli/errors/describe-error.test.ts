import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/errors/cli-error.js';
import { describeError } from '../../../src/cli/errors/describe-error.js';
import { ExitCode } from '../../../src/cli/errors/exit-codes.js';
import { ErrLockBusy } from '../../../src/core/errors.js';

describe('what a subcommand throws', () => {
  it.each([
    ['an error of its own', new CliError(ExitCode.usage, 'Name a lock.'), ExitCode.usage, 'Name a lock.'],
    [
      'an error of the library',
      new ErrLockBusy('/srv/x.lock', null, 0, 'it names no holder yet'),
      ExitCode.store,
      '/srv/x.lock is held by a process that has not yet identified itself',
    ],
    [
      'an error of the system',
      Object.assign(new Error("EMFILE: too many open files, open '/opt/x'"), {
        code: 'EMFILE',
        syscall: 'open',
      }),
      ExitCode.store,
      "EMFILE: too many open files, open '/opt/x'. Close files that are not needed",
    ],
    [
      'a file of the program that is gone',
      Object.assign(new Error("Cannot find module './core.js'\nRequire stack:\n- /opt/base.js"), {
        code: 'MODULE_NOT_FOUND',
      }),
      ExitCode.store,
      "A part of livinglock is missing or cannot be read: Cannot find module './core.js'. Install it again",
    ],
    [
      'a module that a driver lacks',
      Object.assign(new Error("Cannot find module 'pg-protocol'\nRequire stack:\n- /opt/pg"), {
        code: 'MODULE_NOT_FOUND',
      }),
      ExitCode.internal,
      '- /opt/pg',
    ],
    [
      'anything else',
      new TypeError('x is not a function'),
      ExitCode.internal,
      'This is a bug in livinglock: ',
    ],
  ])('%s is described', async (_, error, exitCode, words) => {
    const failure = await describeError(error);
    expect(failure).toEqual({ exitCode, message: expect.stringContaining(words) });
  });
});
