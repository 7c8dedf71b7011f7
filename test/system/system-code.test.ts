import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ErrLockStore } from '../../src/core/errors.js';
import { messageOf } from '../../src/system/message-of.js';
import { systemCode } from '../../src/system/system-code.js';

/** As Node reports a number that it has no name for. */
function unknown(errno: number): Error {
  const code = `Unknown system error -${errno}`;
  return Object.assign(new Error(`${code}: ${code}, mkdir '/srv/x.lock.guard'`), {
    code,
    errno: -errno,
    syscall: 'mkdir',
    path: '/srv/x.lock.guard',
  });
}

describe.skipIf(process.platform === 'win32')('an error of the system that Node does not know', () => {
  const { EDQUOT, ESTALE } = constants.errno;

  it.each([
    [EDQUOT, 'EDQUOT', 'disk quota exceeded'],
    [ESTALE, 'ESTALE', 'stale file handle'],
  ])('has its name: %i is %s', (errno, code, words) => {
    expect(systemCode(unknown(errno))).toBe(code);
    expect(messageOf(unknown(errno))).toBe(`${code}: ${words}, mkdir '/srv/x.lock.guard'`);
  });

  it('comes with what to do about it', () => {
    expect(ErrLockStore.from('/srv/x.lock', 'create the lock', unknown(EDQUOT))).toMatchObject({
      code: 'EDQUOT',
      message:
        'Cannot create the lock /srv/x.lock: EDQUOT: disk quota exceeded. Free up space or inodes on that file system.',
    });
  });

  it('stays a number if the system does not name it either', () => {
    expect(systemCode(unknown(99_999))).toBe('Unknown system error -99999');
    expect(messageOf(unknown(99_999))).toContain('Unknown system error -99999');
  });
});
