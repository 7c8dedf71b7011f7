import os from 'node:os';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { thisUser } from '../../../src/system/home/user-environment.js';
import { replace } from '../../../support/replace.js';

function failWith(error: unknown): void {
  replace(os, {
    userInfo: () => {
      throw error;
    },
  });
}

it.each([
  ['this realm', Error],
  ['another realm, as in a test of Jest', runInNewContext('Error')],
])('a user who is in no list has no home, by an error of %s', (_which, Kind) => {
  failWith(Object.assign(new Kind('no such user'), { errno: -os.constants.errno.ENOENT }));
  expect(thisUser.home()).toBeNull();
});

it('a list of users that cannot be read is an error', () => {
  failWith(Object.assign(new Error('the directory service is silent'), { errno: -os.constants.errno.EIO }));
  expect(() => thisUser.home()).toThrow(
    'your home folder cannot be looked up: the directory service is silent',
  );
});
