import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type JobStatus, readJobs } from '../../../src/cli/jobs/read-jobs.js';
import { withLocks } from '../../../src/cli/stores/locks.js';
import { openHistory } from '../../../src/history/index.js';
import { temporaryFolder } from '../../../support/world.js';

afterEach(() => void vi.unstubAllEnvs());

function jobs(...names: readonly string[]): Promise<readonly JobStatus[]> {
  return withLocks(undefined, (locks) => readJobs(names, locks));
}

function named(): string {
  const folder = temporaryFolder();
  vi.stubEnv('LIVINGLOCK_DIR', folder);
  return folder;
}

describe('the jobs', () => {
  it('are all locks that are there or have a history, those that are paths as well', async () => {
    const folder = named();
    writeFileSync(join(folder, 'c.lock'), '1');
    const history = openHistory();
    const ran = { outcome: 'failed', startedAt: new Date() } as const;
    await history.record({ ...ran, lock: join(folder, 'b.lock') });
    await history.recordSkip(join(folder, 'a.lock'));
    await history.record({ ...ran, lock: '/nowhere/d.lock' });
    await history.record({ ...ran, lock: 'e', store: 'Redis' });
    expect(await jobs()).toMatchObject([
      { name: '/nowhere/d.lock', lock: { state: 'free' }, history: { runs: [{ outcome: 'failed' }] } },
      { name: 'a', history: { runs: [], skips: { count: 1 } } },
      { name: 'b', history: { runs: [{ outcome: 'failed' }] } },
      { name: 'c', history: { runs: [] }, failures: [] },
    ]);
  });

  it('are told of even if their history does not say of which lock it is', async () => {
    const folder = named();
    vi.stubEnv('LIVINGLOCK_HISTORY', join(folder, 'history'));
    const history = openHistory();
    await history.recordSkip(join(folder, 'a.lock'));
    writeFileSync(join(history.folder, 'b-0123456789abcdef.jsonl'), 'x\n'.repeat(100));
    mkdirSync(join(history.folder, 'c-0123456789abcdef.jsonl'));
    const unread = (name: string, why: string) => ({
      name,
      lock: null,
      history: null,
      failures: [expect.stringContaining(why)],
    });
    expect(await jobs()).toMatchObject([
      unread(
        'b-0123456789abcdef.jsonl',
        `Cannot use the history in ${join(history.folder, 'b-0123456789abcdef.jsonl')}: its first line is missing or damaged, as after a crash. If the next run does not begin it again, move it away`,
      ),
      unread('c-0123456789abcdef.jsonl', 'it is not a regular file'),
      { name: 'a', failures: [] },
    ]);
    expect(await jobs('a')).toMatchObject([{ name: 'a', failures: [] }]);
  });

  it('say once that their history cannot be read if they are listed anyway', async () => {
    const folder = named();
    vi.stubEnv('LIVINGLOCK_HISTORY', join(folder, 'history'));
    const history = openHistory();
    await history.recordSkip(join(folder, 'a.lock'));
    writeFileSync(join(folder, 'a.lock'), '1');
    const [journal = ''] = readdirSync(history.folder);
    writeFileSync(join(history.folder, journal), 'x\n');
    expect(await jobs()).toMatchObject([
      { name: 'a', history: null, failures: [expect.stringContaining('it contains something else')] },
    ]);
  });

  it('are those that were named, each once', async () => {
    const folder = named();
    const found = await jobs('b', 'a', join(folder, 'b.lock'), 'a');
    expect(found.map(({ name }) => name)).toEqual(['b', 'a']);
  });

  it('have all runs that are kept', async () => {
    const folder = named();
    const history = openHistory();
    for (let run = 0; run < 3; run++)
      await history.record({ outcome: 'succeeded', startedAt: new Date(), lock: join(folder, 'a.lock') });
    expect((await jobs('a'))[0]?.history?.runs).toHaveLength(3);
  });

  it('say what cannot be read of them, and what can', async () => {
    const folder = named();
    const [free] = await jobs('a');
    expect(free).toMatchObject({ lock: { state: 'free' }, history: { runs: [] }, failures: [] });
    mkdirSync(join(folder, 'a.lock'));
    expect(await jobs('a')).toMatchObject([
      { lock: null, history: { runs: [] }, failures: [expect.stringContaining('a.lock')] },
    ]);
    vi.stubEnv('LIVINGLOCK_HISTORY', '/dev/null');
    expect(await jobs('b')).toMatchObject([
      {
        lock: { state: 'free' },
        history: null,
        failures: [expect.stringContaining('Cannot use the history')],
      },
    ]);
  });
});
