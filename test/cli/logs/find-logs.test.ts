import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { findLogs } from '../../../src/cli/logs/find-logs.js';
import { logsFolder } from '../../../src/history/folder.js';
import { logName } from '../../../src/history/logs.js';
import { HOUR, temporaryFolder } from '../../../support/world.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };

afterEach(() => void vi.unstubAllEnvs());

it('the newest log comes first, and last what was written before the clock was set back', () => {
  vi.stubEnv('LIVINGLOCK_HISTORY', temporaryFolder());
  const folder = logsFolder().path;
  mkdirSync(folder);
  const names = [-1, -2, 9, 8].map((hours) =>
    logName(OWNER, new Date(Date.now() + hours * HOUR), 'c2b1e0ff'),
  );
  for (const name of names) writeFileSync(join(folder, name), '');
  expect(findLogs(OWNER, []).map(({ path }) => path)).toEqual(names.map((name) => join(folder, name)));
});
