import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { logsIn } from '../../src/history/list-logs.js';
import { logName } from '../../src/history/log-name.js';
import { DAY, HOUR, temporaryFolder } from '../../support/world.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };

function nameOf(fromNow: number): string {
  return logName(OWNER, new Date(Date.now() + fromNow), 'c2b1e0ff');
}

function found(folder: string): readonly string[] {
  return logsIn(folder, OWNER).map(({ name }) => name);
}

describe('the logs in a folder', () => {
  it('are those of the lock, also if the clock was set back by less than a day', () => {
    const folder = temporaryFolder();
    const names = [nameOf(-DAY), nameOf(DAY - HOUR)];
    for (const name of [...names, 'notes.txt']) writeFileSync(join(folder, name), '');
    expect(found(folder).toSorted()).toEqual(names);
  });

  it('do not include one from the future', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, nameOf(DAY + HOUR)), '');
    expect(found(folder)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')('include only regular files with one name', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'mine');
    writeFileSync(file, '');
    symlinkSync(file, join(folder, nameOf(-1 * HOUR)));
    linkSync(file, join(folder, nameOf(-2 * HOUR)));
    mkdirSync(join(folder, nameOf(-3 * HOUR)));
    execFileSync('mkfifo', [join(folder, nameOf(-4 * HOUR))]);
    expect(found(folder)).toEqual([]);
  });

  it.skipIf(process.geteuid === undefined)('do not include those of another user', () => {
    const folder = temporaryFolder();
    const name = nameOf(-HOUR);
    writeFileSync(join(folder, name), '');
    expect(found(folder)).toEqual([name]);
    vi.spyOn(process, 'geteuid').mockReturnValue(statSync(folder).uid + 1);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(found(folder)).toEqual([]);
  });

  it('are an empty list without a folder', () => {
    expect(found(join(temporaryFolder(), 'none'))).toEqual([]);
  });
});
