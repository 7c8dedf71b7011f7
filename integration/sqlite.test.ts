import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { describe, expect, onTestFinished } from 'vitest';
import { temporaryFolder } from '../support/machine.js';
import { type SharedLocks, testSharedLocks } from './support/shared-locks.js';

describe.each(['wal', 'delete'])('locks in one SQLite file, journal_mode=%s', (mode) => {
  testSharedLocks(() => open(mode));
});

function open(mode: string): SharedLocks {
  const file = join(temporaryFolder(), 'shop.db');
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec(`PRAGMA journal_mode = ${mode}`);
  onTestFinished(() => database.close());
  return {
    store: ['sqlite', file],
    age: (minutes) =>
      database.exec(
        `UPDATE livinglock SET heartbeat_at = strftime('%Y-%m-%dT%H:%M:%fZ', heartbeat_at, '-${minutes} minutes')`,
      ),
    check: () =>
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]),
  };
}
