import { expect, it } from 'vitest';
import { identityOf } from '../../../src/stores/sqlite/database.js';

it('a database on another file system is another one, even if its inode has the same number', () => {
  const file = { dev: 39n, ino: 2n };
  expect(identityOf({ ...file })).toBe(identityOf(file));
  expect(identityOf({ ...file, dev: 40n })).not.toBe(identityOf(file));
  expect(identityOf({ ...file, ino: 3n })).not.toBe(identityOf(file));
});
