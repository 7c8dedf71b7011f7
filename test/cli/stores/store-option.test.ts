import { describe, expect, it } from 'vitest';
import { parseStore } from '../../../src/cli/stores/store-option.js';

describe('the address of a store', () => {
  it.each([
    ['postgres:', 'postgres'],
    ['postgresql://db/shop', 'postgres'],
    ['REDISS://db', 'redis'],
    ['sqlite:locks.db', 'sqlite'],
    ['SQLite:///var/lib/locks.db', 'sqlite'],
  ])('%s belongs to %s', (text, kind) => {
    expect(parseStore(text)).toEqual({ kind, text });
  });

  it.each([
    'postgres://batch:b@tch/pw@host/db',
    'postgres://batch:b@tch@host/db',
    'postgres://batch:1/pw@host/db',
    'postgres://batch:1#pw@host/db',
    'redis://:b@tch@host',
    'postgres://batch:1?pw@host/db?sslmode=require',
    'redis://:1?pw@host',
  ])('is not %s, of which drivers would take a part of the password for the host', (text) => {
    expect(() => parseStore(text)).toThrow(
      /^(?!.*(?:tch|pw|host)).+ is not valid for .+ more than one @.+ write %40 for @/,
    );
  });

  it.each([
    'postgres://batch:b%40tch@host/db?options=a@b/c@d',
    'postgres://host/db',
    'postgres:///db?host=/run/postgresql',
    'sqlite:/srv/a@b/c@d.db',
  ])('may be %s', (text) => {
    expect(parseStore(text)).toMatchObject({ text });
  });

  it.each(['sqlite:', 'redis:', 'postgres', 'mysql://db', '/var/lib/locks.db'])('is not %j', (text) => {
    expect(() => parseStore(text)).toThrow(/is invalid/);
  });

  it('is not empty: it may come from a variable that was not set', () => {
    expect(() => parseStore('')).toThrow(
      /is empty\. For locks in files, leave it out: unset LIVINGLOCK_STORE/,
    );
  });

  it.each(['postgres:/db/shop', 'postgresql:shop', 'redis:/db', 'rediss:db:6379'])(
    'is not %j, which drivers take for a database on this machine',
    (text) => {
      expect(() => parseStore(text)).toThrow(/is invalid/);
    },
  );
});
