import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pruneLogs } from '../../../../src/cli/run/kept/prune-logs.js';
import { logName } from '../../../../src/history/log-name.js';
import { temporaryFolder } from '../../../../support/world.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };

function nameOf(hour: number, owner = OWNER): string {
  return logName(owner, new Date(Date.UTC(2026, 10, 26, hour)), 'c2b1e0ff');
}

describe('old logs', () => {
  it.each([
    { keep: 1, kept: [5] },
    { keep: 2, kept: [4, 5] },
    { keep: 5, kept: [1, 2, 3, 4, 5] },
    { keep: 20, kept: [1, 2, 3, 4, 5] },
  ])('are removed except for the last $keep', ({ keep, kept }) => {
    const folder = temporaryFolder();
    for (const hour of [3, 1, 5, 2, 4]) writeFileSync(join(folder, nameOf(hour)), '');
    pruneLogs(folder, OWNER, keep, nameOf(5));
    expect(readdirSync(folder).toSorted()).toEqual(kept.map((hour) => nameOf(hour)));
  });

  it('do not include that of this run, although the clock was set back', () => {
    const folder = temporaryFolder();
    for (const hour of [1, 2, 3]) writeFileSync(join(folder, nameOf(hour)), '');
    pruneLogs(folder, OWNER, 2, nameOf(1));
    expect(readdirSync(folder).toSorted()).toEqual([nameOf(1), nameOf(3)]);
  });

  it.skipIf(process.platform === 'win32')('do not include what only has such a name, or another one', () => {
    const folder = temporaryFolder();
    const others = [nameOf(0, { lock: '/run/other.lock', store: null }), 'import.log', `${nameOf(0)}.gz`];
    for (const name of others) writeFileSync(join(folder, name), '');
    mkdirSync(join(folder, nameOf(1)));
    symlinkSync('import.log', join(folder, nameOf(2)));
    writeFileSync(join(folder, nameOf(3)), '');
    pruneLogs(folder, OWNER, 1, nameOf(4));
    expect(readdirSync(folder).toSorted()).toEqual([...others, nameOf(1), nameOf(2)].toSorted());
  });
});
