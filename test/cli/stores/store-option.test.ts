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
