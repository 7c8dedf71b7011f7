import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchd } from '../../../src/schedule/schedulers/launchd.js';
import { parseAt } from '../../../src/schedule/timing/parse-timing.js';
import type { Timing } from '../../../src/schedule/timing/timing.js';
import { temporaryFolder } from '../../../support/world.js';
import { apply, FakePrograms, isInstalled, linesOf, NASTY, refusalOf, someJob } from '../support.js';

describe.skipIf(process.platform === 'win32' || !isInstalled('python3', '--version'))(
  'an agent of launchd (read by python3, if it is there)',
  () => {
    const installer = launchd(new FakePrograms().run, '/Users/me & you', 501);
    const read = (changes: Parameters<typeof someJob>[0]): unknown => {
      const script = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))';
      const input = installer.configure(someJob(changes)).text;
      return JSON.parse(execFileSync('python3', ['-c', script], { input, encoding: 'utf8' }));
    };

    it('keeps every argument unchanged', () => {
      const command = [...NASTY, 'line\nbreak\r\n\t'];
      expect(read({ command, directory: '/srv/<shop>' })).toEqual({
        Label: 'livinglock.parser',
        ProgramArguments: command,
        WorkingDirectory: '/srv/<shop>',
        StartInterval: 120,
        StandardOutPath: '/Users/me & you/Library/Logs/livinglock.parser.log',
        StandardErrorPath: '/Users/me & you/Library/Logs/livinglock.parser.log',
      });
    });

    it.each<[Timing, unknown]>([
      [{ kind: 'every', seconds: 420 }, { StartInterval: 420 }],
      [
        { kind: 'every', seconds: 12 * 3600 },
        {
          StartCalendarInterval: [
            { Hour: 0, Minute: 0 },
            { Hour: 12, Minute: 0 },
          ],
        },
      ],
      [{ kind: 'every', seconds: 86_400 }, { StartCalendarInterval: [{ Hour: 0, Minute: 0 }] }],
      [
        { kind: 'every', seconds: 7 * 86_400 },
        { StartCalendarInterval: [{ Weekday: 0, Hour: 0, Minute: 0 }] },
      ],
      [parseAt('03:30'), { StartCalendarInterval: [{ Hour: 3, Minute: 30 }] }],
      [{ kind: 'every', seconds: 10 }, { StartInterval: 10 }],
      [{ kind: 'every', seconds: 3600 }, { StartCalendarInterval: [{ Minute: 0 }] }],
      [
        parseAt('30 3 1,15 6 *'),
        {
          StartCalendarInterval: [
            { Month: 6, Day: 1, Hour: 3, Minute: 30 },
            { Month: 6, Day: 15, Hour: 3, Minute: 30 },
          ],
        },
      ],
      // Every minute of an hour.
      [parseAt('* 3 * * 1'), { StartCalendarInterval: [{ Weekday: 1, Hour: 3 }] }],
    ])('starts %j', (timing, trigger) => {
      expect(read({ timing })).toMatchObject(Object(trigger));
    });
  },
);

describe.skipIf(process.platform === 'win32')('an agent of launchd', () => {
  const installer = launchd(new FakePrograms().run, '/Users/me', 501);

  it('cannot contain control characters', () => {
    expect(refusalOf(() => installer.configure(someJob({ command: ['/bin/echo', '\u0001'] })))).toMatch(
      /^refused: XML cannot contain a control character/,
    );
  });

  it('cannot start more often than launchd allows', () => {
    expect(refusalOf(() => installer.configure(someJob({ timing: { kind: 'every', seconds: 5 } })))).toBe(
      'refused: launchd cannot run a job every 5s: the shortest interval is 10s.',
    );
  });

  it('lists no more than a thousand times', () => {
    const at = (words: string) => () => installer.configure(someJob({ timing: parseAt(words) }));
    expect(refusalOf(at('0-49 0-19 * * *'))).toBe('not refused');
    expect(refusalOf(at('0-49 0-20 * * *'))).toMatch(/^refused: .* 1050, but/);
  });

  it('says if its interval is counted from each login', () => {
    const notesOf = (seconds: number) =>
      installer.configure(someJob({ timing: { kind: 'every', seconds } })).notes;
    expect(notesOf(1800)).toEqual([expect.stringContaining('"every 30m" from each login')]);
    expect(notesOf(3600)).toEqual([]);
  });

  it('is still ours if a tool has dropped its comment, or written it in another way', async () => {
    for (const edit of [
      (text: string) => text.replace(/^<!-- .*\n/m, ''),
      (text: string) => text.replace(/^<!-- .*\n/m, '').replaceAll(/>\n\s*</g, '><'),
      (text: string) => text.replace('<key>Label</key>', '<key>Label</key><!-- mine -->'),
    ]) {
      const home = temporaryFolder();
      const edited = launchd(new FakePrograms().run, home, 501);
      await apply(await edited.install(someJob()));
      const path = join(home, 'Library', 'LaunchAgents', 'livinglock.parser.plist');
      writeFileSync(path, edit(readFileSync(path, 'utf8')));
      expect(await edited.list(new Date())).toMatchObject([{ name: 'parser', command: '/usr/bin/true' }]);
      await apply(await edited.install(someJob({ directory: '/srv' })));
      expect(readFileSync(path, 'utf8')).toContain('<string>/srv</string>');
    }
  });

  it('never replaces or removes an agent that we have not written', async () => {
    const home = temporaryFolder();
    const folder = join(home, 'Library', 'LaunchAgents');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'livinglock.parser.plist');
    writeFileSync(path, '<plist/>');
    const installer = launchd(new FakePrograms().run, home, 501);
    await expect(installer.install(someJob())).rejects.toThrow(
      `${path} does not look like what livinglock writes`,
    );
    await expect(installer.uninstall('parser')).rejects.toThrow(
      `${path} does not look like what livinglock writes`,
    );
    expect(readFileSync(path, 'utf8')).toBe('<plist/>');
  });

  it('is written and loaded, once, and removed', async () => {
    let isLoaded = false;
    const launchctl = new FakePrograms((call) => {
      if (call.startsWith('launchctl print ')) return { status: isLoaded ? 0 : 113 };
      isLoaded = call.startsWith('launchctl bootstrap ');
      return {};
    });
    const home = temporaryFolder();
    const agent = join(home, 'Library', 'LaunchAgents', 'livinglock.parser.plist');
    const installed = launchd(launchctl.run, home, 501);
    const commandsOf = async (steps: ReturnType<typeof installed.install>) =>
      linesOf(await steps).filter((line) => line.startsWith('$ '));

    expect(await commandsOf(installed.install(someJob()))).toEqual([
      `$ launchctl bootstrap gui/501 ${agent}`,
    ]);
    await apply(await installed.install(someJob()));
    expect(readFileSync(agent, 'utf8')).toBe(installed.configure(someJob()).text);
    expect(await installed.install(someJob())).toEqual([]);

    expect(await commandsOf(installed.install(someJob({ directory: '/srv' })))).toEqual([
      '$ launchctl bootout gui/501/livinglock.parser',
      `$ launchctl bootstrap gui/501 ${agent}`,
    ]);
    await apply(await installed.uninstall('parser'));
    expect([existsSync(agent), isLoaded]).toEqual([false, false]);
    expect(await installed.uninstall('parser')).toEqual([]);
  });
});
