import { copyFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programsIn, type Scheduled } from '../../src/schedule/installer.js';
import { quoteForCron, quoteForSystemd, quoteForWindows } from '../../src/schedule/quote.js';
import type { Job } from '../../src/schedule/scheduled-job.js';
import { cron } from '../../src/schedule/schedulers/cron.js';
import { launchd } from '../../src/schedule/schedulers/launchd.js';
import { systemd } from '../../src/schedule/schedulers/systemd.js';
import { taskScheduler } from '../../src/schedule/schedulers/task-scheduler.js';
import { parseAt } from '../../src/schedule/timing/parse-timing.js';
import { temporaryFolder } from '../../support/world.js';
import { apply, FakeCrontab, FakePrograms, NASTY, NOWHERE, someJob } from './support.js';

/** A Thursday. */
const NOW = new Date(2026, 10, 26, 12, 0);
const COMMAND = ['/usr/bin/node', '/opt/livinglock.js', 'run', 'report', '--', '/bin/echo', 'a & b'];
const PROGRAMS = ['/usr/bin/node', '/opt/livinglock.js'];
const REPORT = someJob({ name: 'report', timing: parseAt('mon-fri 03:30'), command: COMMAND });
const MORNING = new Date(2026, 10, 27, 3, 30);

/** The job as each scheduler has it. */
async function listedBy(job: Job): Promise<Scheduled[]> {
  const crontab = new FakeCrontab(null);
  const byCron = cron(crontab.run, NOWHERE, null);
  await apply(await byCron.install(job));
  const answers = new FakePrograms((call) =>
    call.includes('is-active') ? { status: 3, stdout: Buffer.from('inactive\n') } : {},
  );
  const folder = temporaryFolder();
  const bySystemd = systemd(answers.run, { isSystem: true, userName: null, home: NOWHERE, folder });
  await apply(await bySystemd.install(job));
  const byLaunchd = launchd(answers.run, temporaryFolder(), 501);
  await apply(await byLaunchd.install(job));
  const xml = taskScheduler(answers.run).configure(job).text;
  const schtasks = new FakePrograms((call) => ({
    stdout: Buffer.from(call.endsWith(' /xml') ? xml : `"\\livinglock\\${job.name}","",""\r\n`),
  }));
  const listed: Scheduled[] = [];
  for (const installer of [byCron, bySystemd, byLaunchd, taskScheduler(schtasks.run)]) {
    listed.push(...(await installer.list(NOW)));
  }
  return listed;
}

/** As editors do, and people. */
function leaveCopies(path: string): void {
  copyFileSync(path, `${path}.orig`);
  copyFileSync(path, join(dirname(path), `old-${basename(path)}`));
}

/** What is shown of a job by each scheduler. */
async function commandsOf(job: Job): Promise<Record<string, string>> {
  return Object.fromEntries((await listedBy(job)).map(({ scheduler, command }) => [scheduler, command]));
}

describe.skipIf(process.platform === 'win32')('the programs that must be there', () => {
  it.each([
    ['/usr/bin/node', '/opt/livinglock.js'],
    ['/opt/my node/node', '/opt/my node/livinglock.js'],
  ])('are Node and livinglock, whatever is in front of them: %s', async (...programs) => {
    for (const inFront of [[], ['/usr/bin/env', 'LIVINGLOCK_DIR=/srv/my locks']]) {
      const job = someJob({ command: [...inFront, ...programs, 'run', 'parser', '--', '/bin/echo', 'run'] });
      expect(await listedBy(job)).toEqual([
        expect.objectContaining({ scheduler: 'cron', programs }),
        expect.objectContaining({ scheduler: 'systemd', programs }),
        expect.objectContaining({ scheduler: 'launchd', programs }),
        expect.objectContaining({ scheduler: 'task-scheduler', programs }),
      ]);
    }
  });

  it('are not looked for in what was changed by hand, or where each scheduler escapes in its own way', async () => {
    const listed = await listedBy(someJob({ command: ['/opt/100%/node', '/opt/$x.js', 'run', 'parser'] }));
    expect(listed.slice(0, 2)).toMatchObject([
      { scheduler: 'cron', programs: [] },
      { scheduler: 'systemd', programs: [] },
    ]);
    const own = await listedBy(someJob({ command: ['livinglock', 'run', 'parser', '--', '/bin/true'] }));
    expect(own.flatMap(({ programs }) => programs)).toEqual([]);
    expect((await listedBy(someJob({ command: ['/bin/true', 'parser'] })))[0]).toMatchObject({
      programs: [],
    });
  });
});

describe.skipIf(process.platform === 'win32')('the command that is shown', () => {
  const livinglock = ['/usr/bin/node', '/opt/livinglock.js', 'run'];

  it('is the line of a job with -c', async () => {
    expect(await commandsOf(someJob({ command: [...livinglock, '--command=./a -- "b"', 'parser'] }))).toEqual(
      {
        cron: `-c './a -- "b"'`,
        systemd: '-c "./a -- \\"b\\""',
        launchd: '-c ./a -- "b"',
        'task-scheduler': '-c "./a -- \\"b\\""',
      },
    );
    expect(await commandsOf(someJob({ command: [...livinglock, '--command=./a', 'parser'] }))).toEqual({
      cron: '-c ./a',
      systemd: '-c ./a',
      launchd: '-c ./a',
      'task-scheduler': '-c ./a',
    });
  });

  it('begins after the -- of livinglock run, not after one within quotes', async () => {
    const options = ['--label=a -- b', "--notify=echo it's -- \\", '--log=C:\\x\\'];
    const command = [...livinglock, ...options, 'parser', '--', 'sh', '--command=1', '--', 'x'];
    const plain = 'sh --command=1 -- x';
    expect(await commandsOf(someJob({ command, directory: '/srv/a -- b' }))).toEqual({
      cron: plain,
      systemd: plain,
      launchd: plain,
      'task-scheduler': plain,
    });
  });

  it.each(NASTY)('ends with its last argument: %s', async (word) => {
    const command = [...livinglock, `--label=${word}`, 'parser', '--', 'first', word, 'last'];
    const shown = await commandsOf(someJob({ command }));
    expect(shown).toEqual({
      cron: `first ${quoteForCron(word)} last`,
      systemd: `first ${quoteForSystemd(word)} last`,
      launchd: `first ${word} last`,
      'task-scheduler': `first ${quoteForWindows(word)} last`,
    });
  });
});

describe('the programs of an entry', () => {
  it.each([
    [['cd', '/srv;', 'livinglock', 'run', 'a'], []],
    [['/usr/bin/time', '-ao', '/srv/time.log', 'livinglock', 'run', 'a'], []],
    [
      ['/usr/bin/nice', '/opt/node', '/opt/livinglock.js', 'run', 'a'],
      ['/opt/node', '/opt/livinglock.js'],
    ],
    [['', '/opt/livinglock.js', 'run'], ['/opt/livinglock.js']],
    [['/opt/node', '/opt/livinglock.json', 'run'], []],
  ])('%o', (words, programs) => {
    expect(programsIn(words)).toEqual(programs);
  });
});

describe('what is scheduled', () => {
  it('by cron is in its crontab, in our own lines', async () => {
    const crontab = new FakeCrontab('*/5 * * * * /opt/theirs -- x\n');
    const installer = cron(crontab.run, NOWHERE, null);
    await apply(await installer.install(someJob()));
    await apply(await installer.install(REPORT));
    expect(await installer.list(NOW)).toEqual([
      {
        name: 'parser',
        scheduler: 'cron',
        when: '*/2 * * * *',
        next: new Date(2026, 10, 26, 12, 2),
        command: '/usr/bin/true',
        programs: PROGRAMS,
      },
      {
        name: 'report',
        scheduler: 'cron',
        when: '30 3 * * 1-5',
        next: MORNING,
        command: "/bin/echo 'a & b'",
        programs: PROGRAMS,
      },
    ]);
  });

  it('by cron has no next run if its line was switched off or changed by hand', async () => {
    const block = '# livinglock schedule begin a\n#0 3 * * * true\n# livinglock schedule end a\n';
    expect(await cron(new FakeCrontab(block).run, NOWHERE, null).list(NOW)).toMatchObject([
      { name: 'a', next: null },
    ]);
    expect(await cron(new FakeCrontab(null).run, NOWHERE, null).list(NOW)).toEqual([]);
  });

  it.skipIf(process.platform === 'win32')(
    'by systemd is in its units, and systemd tells when it runs',
    async () => {
      const folder = temporaryFolder();
      let line =
        'Fri 2026-11-27 03:30:00 UTC  15h left  n/a  n/a  livinglock-report.timer livinglock-report.service\n';
      const systemctl = new FakePrograms((call) => {
        if (call === 'systemctl list-timers --no-legend --no-pager livinglock-*.timer') {
          return { stdout: Buffer.from(line) };
        }
        return call.includes('is-active') ? { status: 3, stdout: Buffer.from('inactive\n') } : {};
      });
      const installer = systemd(systemctl.run, { isSystem: true, userName: null, home: NOWHERE, folder });
      expect(await installer.list(NOW)).toEqual([]);
      // It may be missing where nothing is scheduled.
      expect(systemctl.calls).toEqual([]);
      await apply(await installer.install(REPORT));
      writeFileSync(join(folder, 'other.timer'), '');
      for (const suffix of ['service', 'timer']) leaveCopies(join(folder, `livinglock-report.${suffix}`));
      const report = {
        name: 'report',
        scheduler: 'systemd',
        when: 'at mon-fri 03:30',
        next: MORNING,
        command: '/bin/echo "a & b"',
        programs: PROGRAMS,
      };
      expect(await installer.list(NOW)).toEqual([report]);
      line = '- - - - livinglock-report.timer livinglock-report.service\n';
      expect(await installer.list(NOW)).toEqual([{ ...report, next: null }]);
      expect(installer.startCommand('report')).toBe('systemctl start --no-block livinglock-report.service');
    },
  );

  it.skipIf(process.platform === 'win32')(
    'by systemd for a user is only what runs as that user',
    async () => {
      const folder = temporaryFolder();
      const systemctl = new FakePrograms((call) => ({
        stdout: Buffer.from(call.includes('is-active') ? 'inactive\n' : ''),
      }));
      const of = (userName: string | null) =>
        systemd(systemctl.run, { isSystem: true, userName, home: NOWHERE, folder });
      await apply(await of('batch').install(REPORT));
      await apply(await of('shop').install(someJob()));
      await apply(await of(null).install(someJob({ name: 'backup', command: [...COMMAND, 'b'] })));
      const listed = async (userName: string | null) =>
        (await of(userName).list(NOW)).map(({ name, command }) => `${name}: ${command}`);
      expect(await listed('batch')).toEqual(['report: /bin/echo "a & b"']);
      expect(await listed('shop')).toEqual(['parser: /usr/bin/true']);
      expect(await listed('root')).toEqual(['backup: /bin/echo "a & b" b']);
      expect(await listed('nobody')).toEqual([]);
      expect(await listed(null)).toHaveLength(3);
    },
  );

  it.skipIf(process.platform === 'win32')('by launchd is in its agents', async () => {
    const home = temporaryFolder();
    let isLoaded = false;
    const launchctl = new FakePrograms((call) => {
      if (call.includes(' print ')) return { status: isLoaded ? 0 : 113 };
      isLoaded = true;
      return {};
    });
    const installer = launchd(launchctl.run, home, 501);
    await apply(await installer.install(REPORT));
    const report = {
      name: 'report',
      scheduler: 'launchd',
      when: 'at mon-fri 03:30',
      next: MORNING,
      command: '/bin/echo a & b',
      programs: PROGRAMS,
    };
    expect(await installer.list(NOW)).toEqual([report]);
    expect(installer.startCommand('report')).toBe('launchctl kickstart gui/501/livinglock.report');
    isLoaded = false;
    expect(await installer.list(NOW)).toEqual([{ ...report, next: null }]);
    leaveCopies(join(home, 'Library', 'LaunchAgents', 'livinglock.report.plist'));
    // It is counted from the login, which nobody knows here.
    await apply(
      await installer.install(someJob({ name: 'report', timing: { kind: 'every', seconds: 1800 } })),
    );
    expect(await installer.list(NOW)).toMatchObject([{ when: 'every 30m', next: null }]);
  });

  it.each(['latin1', 'utf16le'] as const)(
    'by the Task Scheduler is in our own folder (%s)',
    async (encoding) => {
      const xml = taskScheduler(new FakePrograms().run).configure(REPORT).text;
      const schtasks = new FakePrograms((call) => {
        if (call === 'schtasks /query /fo CSV /nh') {
          const lines = [
            '"\\Microsoft\\X","N/A","Ready"',
            '"\\livinglock\\report","27.11.2026 03:30:00","Bereit"',
          ];
          return { stdout: Buffer.from([...lines, ...lines.slice(1), ''].join('\r\n')) };
        }
        expect(call).toBe('schtasks /query /tn \\livinglock\\report /xml');
        return { stdout: Buffer.from(xml, encoding) };
      });
      expect(await taskScheduler(schtasks.run).list(NOW)).toEqual([
        {
          name: 'report',
          scheduler: 'task-scheduler',
          when: 'at mon-fri 03:30',
          next: MORNING,
          command: '/bin/echo "a & b"',
          programs: PROGRAMS,
        },
      ]);
    },
  );
});
