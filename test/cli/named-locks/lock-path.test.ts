import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/errors/exit-codes.js';
import { lockPath } from '../../../src/cli/named-locks/named-locks.js';

it.each(['~/job.lock', 'file:///tmp/job.lock'])(
  'a lock of the command line is not %s, which would create a folder',
  (lock) => {
    expect(() => lockPath(lock, false)).toThrow(
      expect.objectContaining({
        exitCode: ExitCode.usage,
        message: expect.stringContaining(`./${lock} for a file`),
      }),
    );
  },
);

it('a lock of the command line with a slash is a path from the working folder', () => {
  expect(lockPath('./job.lock', false)).toBe(resolve('job.lock'));
  expect(lockPath('./~/job.lock', false)).toBe(resolve('~/job.lock'));
});
