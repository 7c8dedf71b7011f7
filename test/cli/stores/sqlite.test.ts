import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../../../src/cli/stores/sqlite.js';
import { temporaryFolder } from '../../../support/world.js';
import { twin } from '../../stores/sqlite/databases.js';

it('a database in which another process writes does not keep this one from everything else', async () => {
  const path = join(temporaryFolder(), 'locks.db');
  const other = twin.open(path);
  onTestFinished(() => other.close());
  const { store, close } = await openSqlite({ kind: 'sqlite', text: `sqlite:${path}` }, true);
  onTestFinished(close);
  other.exec('BEGIN EXCLUSIVE');
  const reading = store.read('nightly');
  other.exec('ROLLBACK');
  expect(await reading).toBeNull();
});
