import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exitCodeFor, readStatus, type Seen } from '../../../src/cli/status/read-status.js';
import { withLocks } from '../../../src/cli/stores/locks.js';
import { temporaryFolder } from '../../../support/world.js';

afterEach(() => void vi.unstubAllEnvs());

describe('the status of locks', () => {
  it('lists the folder of named locks by name, and skips what is not a lock', async () => {
    const folder = runtimeFolder();
    for (const file of ['b.lock', 'a.lock', 'a.lock.guard', 'notes.txt', '.lock'])
      writeFileSync(join(folder, file), '1');
    mkdirSync(join(folder, 'c.lock'));
    const { locks, failures } = await lookAt([]);
    expect(locks.map(({ name, path }) => [name, path])).toEqual([
      ['a', join(folder, 'a.lock')],
      ['b', join(folder, 'b.lock')],
    ]);
    expect(failures).toEqual([]);
  });

  it('finds nothing without a folder, and does not create it', async () => {
    const folder = join(temporaryFolder(), 'none');
    vi.stubEnv('LIVINGLOCK_DIR', folder);
    expect(await lookAt([])).toEqual({ locks: [], failures: [] });
    expect(existsSync(folder)).toBe(false);
  });

  it('keeps the order in which locks are named', async () => {
    runtimeFolder();
    const { locks } = await lookAt(['b', 'a', 'b']);
    expect(locks.map(({ name, state }) => [name, state])).toEqual([
      ['b', 'free'],
      ['a', 'free'],
      ['b', 'free'],
    ]);
  });

  it.each([
    { states: [], failures: [], code: 0 },
    { states: ['live', 'live'], failures: [], code: 0 },
    { states: ['live', 'free'], failures: [], code: 1 },
    { states: ['free', 'stalled', 'live'], failures: [], code: 3 },
    { states: ['dead', 'free'], failures: [], code: 3 },
    { states: ['dead', 'free'], failures: ['Cannot read'], code: 73 },
  ] as const)(
    'of $states with the failures $failures exits with $code',
    async ({ states, failures, code }) => {
      runtimeFolder();
      const [free] = (await lookAt(['free'])).locks;
      if (free === undefined) throw new Error('There is nothing to see.');
      expect(exitCodeFor({ locks: states.map((state) => ({ ...free, state })), failures })).toBe(code);
    },
  );
});

function lookAt(names: readonly string[]): Promise<Seen> {
  return withLocks(undefined, (locks) => readStatus(names, locks));
}

function runtimeFolder(): string {
  const folder = temporaryFolder();
  vi.stubEnv('LIVINGLOCK_DIR', folder);
  return folder;
}
