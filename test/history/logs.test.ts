import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { idOf, logName, logsIn, runOfLog } from '../../src/history/logs.js';
import { DAY, HOUR, temporaryFolder } from '../../support/world.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };
const TOKEN = 'c2b1e0ff-3c1e-4f3e-9a51-0c4c3b0d6a11.00000001';
const TIME = new Date('2026-11-26T02:00:01.250Z');

describe('the name of a log', () => {
  it('tells the lock, the time and the run, but not the whole token', () => {
    const name = logName(OWNER, TIME, TOKEN);
    expect(name).toMatch(/^import-[0-9a-f]{16}-20261126T020001250Z-c2b1e0ff\.log$/);
    expect(runOfLog(OWNER, name)).toEqual({ startedAt: TIME, id: idOf(TOKEN) });
  });

  it('is in the order of the runs', () => {
    const times = fc.date({
      min: new Date('1971-01-01'),
      max: new Date('9999-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, times, (one, other) => {
        const isBefore = logName(OWNER, one, TOKEN) < logName(OWNER, other, TOKEN);
        expect(isBefore).toBe(one < other);
        expect(runOfLog(OWNER, logName(OWNER, one, TOKEN))?.startedAt).toEqual(one);
      }),
    );
  });

  it('is not that of a log of another lock', () => {
    const name = logName(OWNER, TIME, TOKEN);
    expect(runOfLog({ lock: '/elsewhere/import.lock', store: null }, name)).toBeNull();
    expect(runOfLog({ ...OWNER, store: 'postgres://db' }, name)).toBeNull();
  });

  it.each([
    (name: string) => `${name}.gz`,
    (name: string) => `x${name}`,
    (name: string) => name.replace('Z-', 'Z-/../'),
    (name: string) => name.replace(/T\d+/, 'T2'),
    (name: string) => name.replace(/-\w+\.log/, '.log'),
    (name: string) => name.replace('20261126T020001250', '99999999T999999999'),
    (name: string) => name.replace('20261126', '20260231'),
  ])('is not one that somebody else gives: %#', (change) => {
    expect(runOfLog(OWNER, change(logName(OWNER, TIME, TOKEN)))).toBeNull();
  });
});

function nameOf(fromNow: number): string {
  return logName(OWNER, new Date(Date.now() + fromNow), 'c2b1e0ff');
}

function found(folder: string): readonly string[] {
  return logsIn(folder, OWNER).map(({ name }) => name);
}

describe('the logs in a folder', () => {
  it('are those of the lock, also if the clock was set back', () => {
    const folder = temporaryFolder();
    const names = [nameOf(-DAY), nameOf(DAY - HOUR), nameOf(1000 * DAY)];
    for (const name of [...names, 'notes.txt']) writeFileSync(join(folder, name), '');
    expect(found(folder).toSorted()).toEqual(names);
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
