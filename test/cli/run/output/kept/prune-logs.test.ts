import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { oldLogs, removeLogs } from '../../../../../src/cli/run/output/kept/prune-logs.js';
import { logName } from '../../../../../src/history/logs.js';
import { HOUR, temporaryFolder } from '../../../../../support/world.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };

function nameOf(hour: number, owner = OWNER): string {
  return logName(owner, new Date(Date.UTC(2020, 10, 26, hour)), 'c2b1e0ff');
}

function put(folder: string, hour: number, writtenLast = hour): void {
  const path = join(folder, nameOf(hour));
  writeFileSync(path, '');
  const time = new Date(Date.UTC(2020, 10, 26, writtenLast));
  utimesSync(path, time, time);
}

function pruneLogs(folder: string, keep: number, own: string): Promise<void> {
  return removeLogs(oldLogs(folder, OWNER, keep, own));
}

describe('old logs', () => {
  it.each([
    { keep: 1, kept: [5] },
    { keep: 2, kept: [4, 5] },
    { keep: 5, kept: [1, 2, 3, 4, 5] },
    { keep: 20, kept: [1, 2, 3, 4, 5] },
  ])('are removed except for the last $keep', async ({ keep, kept }) => {
    const folder = temporaryFolder();
    for (const hour of [3, 1, 5, 2, 4]) put(folder, hour);
    await pruneLogs(folder, keep, nameOf(5));
    expect(readdirSync(folder).toSorted()).toEqual(kept.map((hour) => nameOf(hour)));
  });

  it('do not include that of this run, nor of a later one, which may be at work', async () => {
    const folder = temporaryFolder();
    for (const hour of [1, 2, 3]) put(folder, hour);
    await pruneLogs(folder, 1, nameOf(2));
    expect(readdirSync(folder).toSorted()).toEqual([nameOf(2), nameOf(3)]);
  });

  it('do not include one that is still written, one that began later, or what is gone by then', async () => {
    const folder = temporaryFolder();
    for (const hour of [1, 2, 3, 4]) put(folder, hour);
    const logs = oldLogs(folder, OWNER, 1, nameOf(4));
    put(folder, 1, 5);
    put(folder, 5);
    rmSync(join(folder, nameOf(2)));
    await removeLogs(logs);
    expect(readdirSync(folder).toSorted()).toEqual([nameOf(1), nameOf(4), nameOf(5)]);
  });

  it('are removed although one of them cannot be', async () => {
    const folder = temporaryFolder();
    for (const hour of [1, 2, 3]) put(folder, hour);
    const logs = oldLogs(folder, OWNER, 1, nameOf(3));
    const [first, ...others] = logs;
    // A name that is too long for any system call.
    const tooLong = join(folder, 'x'.repeat(5000));
    const removing = removeLogs([{ ...(first ?? expect.fail()), path: tooLong }, ...others]);
    await expect(removing).rejects.toThrow('ENAMETOOLONG');
    expect(readdirSync(folder).toSorted()).toEqual([nameOf(1), nameOf(3)]);
  });

  it('are removed first if they were written before the clock was set back', async () => {
    const folder = temporaryFolder();
    const now = Math.floor((Date.now() - Date.UTC(2020, 10, 26)) / HOUR);
    for (const hour of [now - 2, now - 1, now + 9, now + 10]) put(folder, hour);
    await pruneLogs(folder, 3, nameOf(now - 1));
    expect(readdirSync(folder).toSorted()).toEqual([now - 2, now - 1, now + 10].map((hour) => nameOf(hour)));
    await pruneLogs(folder, 1, nameOf(now - 1));
    expect(readdirSync(folder)).toEqual([nameOf(now - 1)]);
  });

  it('are removed first however far ahead the clock was', async () => {
    const folder = temporaryFolder();
    for (const hour of [1, 2]) put(folder, hour);
    for (const day of [80_000, 80_001]) put(folder, day * 24);
    await pruneLogs(folder, 2, nameOf(2));
    expect(readdirSync(folder).toSorted()).toEqual([nameOf(1), nameOf(2)]);
  });

  it.skipIf(process.platform === 'win32')(
    'do not include what only has such a name, or another one',
    async () => {
      const folder = temporaryFolder();
      const others = [nameOf(0, { lock: '/run/other.lock', store: null }), 'import.log', `${nameOf(0)}.gz`];
      for (const name of others) writeFileSync(join(folder, name), '');
      mkdirSync(join(folder, nameOf(1)));
      symlinkSync('import.log', join(folder, nameOf(2)));
      put(folder, 3);
      await pruneLogs(folder, 1, nameOf(4));
      expect(readdirSync(folder).toSorted()).toEqual([...others, nameOf(1), nameOf(2)].toSorted());
    },
  );
});
