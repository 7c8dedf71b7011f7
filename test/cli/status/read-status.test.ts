import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CachedHistory } from '../../../src/cli/status/cached-history.js';
import { exitCodeFor, readStatus, type Seen } from '../../../src/cli/status/read-status.js';
import { withLocks } from '../../../src/cli/stores/locks.js';
import { openHistory } from '../../../src/history/index.js';
import { acquire } from '../../../src/index.js';
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
    expect(await lookAt([])).toEqual({ locks: [], failures: [], notes: [], isNamed: false });
    expect(existsSync(folder)).toBe(false);
  });

  it('lists locks that nobody holds, if they have run', async () => {
    const folder = runtimeFolder();
    writeFileSync(join(folder, 'c.lock'), '1');
    const history = openHistory();
    const startedAt = new Date(Date.now() - 60_000);
    const ran = { outcome: 'failed', startedAt, exitCode: 4 } as const;
    await history.record({ ...ran, lock: join(folder, 'b.lock') });
    await history.record({ ...ran, lock: join(folder, 'a.lock') });
    await history.recordSkip(join(folder, 'a.lock'));
    await history.recordSkip(join(folder, 'skipped.lock'));
    await history.record({ ...ran, lock: '/elsewhere/d.lock' });
    await history.record({ ...ran, lock: 'e', store: 'Redis' });
    const { locks, failures, notes } = await lookAt([]);
    expect(locks).toMatchObject([
      {
        name: 'a',
        state: 'free',
        skips: 1,
        lastRun: { outcome: 'failed', exitCode: 4 },
        usualDurationMs: null,
      },
      { name: 'b', state: 'free', skips: 0, lastRun: { startedAt } },
      { name: 'c', lastRun: null },
    ]);
    expect([...failures, ...notes]).toEqual([]);
    expect((await lookAt(['b'])).locks).toMatchObject([{ name: 'b', lastRun: { outcome: 'failed' } }]);
  });

  it('shows the run before the one at work, of which some attempts have failed', async () => {
    const lock = await acquire(join(runtimeFolder(), 'job.lock'));
    const history = openHistory();
    const startedAt = new Date(Date.now() - 60_000);
    await history.record({ lock: lock.name, outcome: 'succeeded', startedAt });
    for (const attempt of [1, 2, 3])
      await history.record({
        lock: lock.name,
        outcome: 'failed',
        startedAt,
        id: lock.token,
        attempt,
        exitCode: 4,
      });
    expect((await lookAt(['job'])).locks).toMatchObject([{ lastRun: { outcome: 'succeeded' } }]);
    await lock.release();
    expect((await lookAt(['job'])).locks).toMatchObject([{ lastRun: { outcome: 'failed' } }]);
  });

  it('can be read without a history', async () => {
    const folder = runtimeFolder();
    writeFileSync(join(folder, 'a.lock'), '1');
    vi.stubEnv('LIVINGLOCK_HISTORY', '/dev/null');
    const { locks, failures, notes } = await lookAt([]);
    expect(locks).toMatchObject([{ name: 'a', lastRun: null }]);
    expect(failures).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('Cannot use the history of')]);
  });

  it('notes a history that cannot be read, although others can', async () => {
    const folder = runtimeFolder();
    const history = openHistory();
    const ran = { outcome: 'failed', startedAt: new Date() } as const;
    await history.record({ ...ran, lock: join(folder, 'a.lock') });
    const [journal = ''] = readdirSync(history.folder);
    rmSync(join(history.folder, journal));
    mkdirSync(join(history.folder, journal));
    await history.record({ ...ran, lock: join(folder, 'b.lock') });
    const notes = [expect.stringContaining('it is not a regular file')];
    expect(await lookAt([])).toMatchObject({ locks: [{ name: 'b' }], failures: [], notes });
    expect(await lookAt(['a', 'b'])).toMatchObject({ locks: [{ lastRun: null }, { lastRun: {} }], notes });
    expect(await lookAt(['b'])).toMatchObject({ notes: [] });
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
      const locks = states.map((state) => ({ ...free, state }));
      expect(exitCodeFor({ locks, failures, isNamed: true })).toBe(code);
      expect(exitCodeFor({ locks, failures, isNamed: false })).toBe(code === 1 ? 0 : code);
    },
  );
});

function lookAt(names: readonly string[]): Promise<Seen> {
  return withLocks(undefined, (locks) => readStatus(names, locks, new CachedHistory(locks)));
}

function runtimeFolder(): string {
  const folder = temporaryFolder();
  vi.stubEnv('LIVINGLOCK_DIR', folder);
  return folder;
}
