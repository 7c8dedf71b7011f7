import { describe } from 'vitest';
import { testSharedLocks } from './support/shared-locks.js';
import { sqliteLocks } from './support/shared-stores.js';

describe.each(['wal', 'delete'])('locks in one SQLite file, journal_mode=%s', (mode) => {
  testSharedLocks(() => sqliteLocks(mode));
});
