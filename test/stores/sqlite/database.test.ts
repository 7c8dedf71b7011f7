import type * as fs from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { fileStateOf, rememberFile } from '../../../src/stores/sqlite/database.js';
import { temporaryFolder } from '../../../support/world.js';
import { twin } from './databases.js';

const device = vi.hoisted(() => ({ isAnother: false }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    statSync: (path: string, options: { bigint: true; throwIfNoEntry: false }) => {
      const status = real.statSync(path, options);
      if (device.isAnother && status !== undefined) status.dev += 1n;
      return status;
    },
  };
});

it.skipIf(process.platform === 'win32')(
  'a database on another file system is another one, even if its inode has the same number',
  () => {
    const path = join(temporaryFolder(), 'shop.db');
    writeFileSync(path, '');
    const database = twin.open(path);
    onTestFinished(() => database.close());
    rememberFile(database);
    expect(fileStateOf(database)).toBe('unchanged');
    device.isAnother = true;
    expect(fileStateOf(database)).toBe('replaced');
  },
);
