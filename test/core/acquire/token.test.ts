import { expect, it } from 'vitest';
import { isOfOtherLock, makeToken } from '../../../src/core/acquire/token.js';

it('a token is unique, and tells its own lock from others', () => {
  const [one, other] = [makeToken('/var/lib/a/job.lock'), makeToken('/var/lib/a/job.lock')];
  expect(one).not.toBe(other);
  expect(isOfOtherLock(one, '/var/lib/a/job.lock')).toBe(false);
  expect(isOfOtherLock(one, '/mnt/lib/a/job.lock')).toBe(false);
  expect(isOfOtherLock(one, '/var/lib/a/jobs.lock')).toBe(true);
});

it.each([null, '', '6c1f7c3e-0a7e-4f7e-9a53-0d5b3f6f0c11'])(
  'the token %s, made by other software, says nothing',
  (token) => {
    expect(isOfOtherLock(token, '/var/lib/a/job.lock')).toBe(false);
  },
);
