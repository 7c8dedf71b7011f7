import { describe, expect, it } from 'vitest';
import { historyFolder, logsFolder } from '../../src/history/folder.js';
import { FakeSurroundings } from '../cli/named-locks/fake-surroundings.js';

const ALICE = 1000;

describe.skipIf(process.platform === 'win32')('the history is kept', () => {
  it('for root in a folder that outlasts a restart', () => {
    const root = new FakeSurroundings(0, '/root');
    expect(historyFolder(root)).toMatchObject({
      path: '/var/lib/livinglock/history',
      steps: [{ path: '/var/lib', isOurs: false }, { isOurs: true }, { isOurs: true }],
    });
    root.platform = 'freebsd';
    expect(historyFolder(root).path).toBe('/var/db/livinglock/history');
  });

  it('for others beside their named locks, which nobody else can write to', () => {
    const { path, steps } = historyFolder(new FakeSurroundings(ALICE, '/home/alice'));
    expect(path).toMatch(/^\/home\/alice\/\.local\/state\/livinglock\/[0-9a-f]{16}\/history$/);
    expect(steps.at(-1)).toEqual({ path, mode: 0o700, isOurs: true });
    const homeless = new FakeSurroundings(54321, null);
    expect(historyFolder(homeless).path).toBe('/run/lock/livinglock-54321/history');
  });

  it('on macOS in the library of any user, including root', () => {
    const root = new FakeSurroundings(0, '/var/root');
    root.folder('/var/root', 0, 0o750);
    root.platform = 'darwin';
    expect(historyFolder(root).path).toMatch(
      /^\/var\/root\/Library\/Application Support\/livinglock\/.*\/history$/,
    );
  });

  it('beside the locks of a folder that the user has chosen', () => {
    const root = new FakeSurroundings(0, '/root');
    root.environment['LIVINGLOCK_DIR'] = '/srv/locks';
    // Others may have locks there, too.
    expect(historyFolder(root)).toEqual({ path: '/srv/locks/history-0', steps: [] });
    root.environment['LIVINGLOCK_HISTORY'] = '/srv/history';
    expect(historyFolder(root)).toEqual({ path: '/srv/history', steps: [] });
  });

  it('with the output of runs in a folder of its own, just as closed to others', () => {
    const root = new FakeSurroundings(0, '/root');
    const path = '/var/lib/livinglock/history/logs';
    expect(logsFolder(root).path).toBe(path);
    expect(logsFolder(root).steps).toEqual([
      ...historyFolder(root).steps,
      { path, mode: 0o700, isOurs: true },
    ]);
    root.environment['LIVINGLOCK_HISTORY'] = '/srv/history';
    expect(logsFolder(root)).toEqual({ path: '/srv/history/logs', steps: [] });
  });

  it.each(['LIVINGLOCK_DIR', 'LIVINGLOCK_HISTORY'])('nowhere, if %s is not a full path', (variable) => {
    const root = new FakeSurroundings(0, '/root');
    for (const path of ['locks', './locks', '~/locks', '$HOME/locks']) {
      root.environment[variable] = path;
      expect(() => historyFolder(root)).toThrow(
        `${variable} is ${path}, which is not a full path. cron expands neither ~ nor $HOME in it`,
      );
    }
  });

  it('nowhere, if the home folder cannot be seen from here', () => {
    const hidden = new FakeSurroundings(ALICE, '/home/alice');
    hidden.folder('/home/alice', 0, 0o000);
    expect(() => historyFolder(hidden)).toThrow('cannot be seen from here');
  });
});
