import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findLogs } from '../../../src/cli/logs/find-logs.js';
import { logsFolder } from '../../../src/history/folder.js';
import type { PastRun } from '../../../src/history/index.js';
import { logName } from '../../../src/history/logs.js';
import { DAY, HOUR, temporaryFolder } from '../../../support/world.js';
import { someRun } from '../../history/some-runs.js';

const OWNER = { lock: '/run/livinglock/import.lock', store: null };

let token = 0;

beforeEach(() => {
  vi.stubEnv('LIVINGLOCK_HISTORY', temporaryFolder());
  mkdirSync(logsFolder().path);
});
afterEach(() => void vi.unstubAllEnvs());

/** A run that has a log, and began that long after now, by the clock of its time. */
function logged(fromNow: number, output?: string): PastRun {
  const startedAt = new Date(Date.now() + fromNow);
  const id = `token${token++}`;
  const path = output ?? join(logsFolder().path, logName(OWNER, startedAt, id));
  writeFileSync(path, '');
  return { ...someRun({ ...OWNER, id, startedAt, output: path }), skips: 0 };
}

function found(runs: readonly PastRun[]): readonly string[] {
  return findLogs(OWNER, runs).map(({ path }) => path);
}

const logsOf = (runs: readonly PastRun[]) => runs.map(({ output }) => output);

describe('the logs of a lock', () => {
  it('are without a history in the order of their starts, and last is what was written before the clock was set back', () => {
    const newestFirst = [-HOUR, -2 * HOUR, 9 * HOUR, 8 * HOUR].map((fromNow) => logged(fromNow));
    expect(found([])).toEqual(logsOf(newestFirst));
  });

  it.each<[string, readonly number[]]>([
    ['was ahead', [-50, -40, 900, 910, -20, -10]],
    ['was ahead until now', [-50, -40, 900, 910]],
    ['was ahead, and what it said then is past', [-50, -40, -15, -5, -20, -10]],
    ['was behind', [-50, -40, -90_000, -89_000, -20, -10]],
    ['is behind', [900, 910, -20, -10]],
  ])('are in the order in which the runs ended if the clock %s', (_when, hours) => {
    const runs = hours.map((each) => logged(each * HOUR));
    expect(found(runs)).toEqual(logsOf(runs).toReversed());
  });

  it('have those that the history does not know, such as of the run at work, among them', () => {
    const [first, ahead, last] = [logged(-3 * HOUR), logged(100 * DAY), logged(-2 * HOUR)];
    const [atWork, old] = [logged(-HOUR), logged(-DAY)];
    expect(found([first, ahead, last])).toEqual(logsOf([atWork, last, ahead, first, old]));
  });

  it('have older ones that the history does not know behind them, although the clock was behind in the last run', () => {
    const [first, last] = [logged(-3 * HOUR), logged(-90_000 * HOUR)];
    const [atWork, old] = [logged(-HOUR), logged(-DAY)];
    expect(found([first, last])).toEqual(logsOf([atWork, last, first, old]));
  });

  it('have a file to which runs append in the place of the last of them', () => {
    const file = join(temporaryFolder(), 'all.log');
    const runs = [logged(-5 * HOUR, file), logged(-4 * HOUR), logged(DAY, file), logged(-2 * HOUR)];
    expect(found(runs)).toEqual(logsOf(runs.slice(1).toReversed()));
  });
});
