import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../../src/schedule/installer.js';
import { type SystemdOptions, systemd } from '../../../src/schedule/schedulers/systemd.js';
import { pingSecret } from '../../../src/schedule/secrets/secret.js';
import { parseAt } from '../../../src/schedule/timing/parse-timing.js';
import type { Timing } from '../../../src/schedule/timing/timing.js';
import { temporaryFolder } from '../../../support/world.js';
import { apply, FakePrograms, isInstalled, linesOf, NASTY, NOWHERE, refusalOf, someJob } from '../support.js';

function fifo(path: string): void {
  execFileSync('mkfifo', [path]);
}

function ofUser(home: string): SystemdOptions {
  return { isSystem: false, userName: null, home: () => home };
}

const TIMINGS: readonly [string, Timing][] = [
  ['*-*-* *:*:00/30', { kind: 'every', seconds: 30 }],
  ['*-*-* *:00/2:00', { kind: 'every', seconds: 120 }],
  ['*-*-* 00/6:00:00', { kind: 'every', seconds: 6 * 3600 }],
  ['*-*-* 00:00:00', { kind: 'every', seconds: 86_400 }],
  ['Sun *-*-* 00:00:00', { kind: 'every', seconds: 7 * 86_400 }],
  ['*-*-* 03:30:00', parseAt('03:30')],
];

describe('units of systemd', () => {
  const installer = systemd(new FakePrograms().run, ofUser('/home/batch'));

  it.each(TIMINGS)('start by the calendar at %s, and make up for what was missed', (expression, timing) => {
    const { text, notes } = installer.configure(someJob({ timing }));
    expect(text).toContain(`\nOnCalendar=${expression}\nPersistent=true\n`);
    expect(text).not.toContain('OnUnitActiveSec');
    expect(notes.join()).not.toContain('Persistent');
  });

  it('count from start to start if no calendar can express it, with a note that missed runs are not made up for', () => {
    const { text, notes } = installer.configure(someJob({ timing: { kind: 'every', seconds: 420 } }));
    expect(text).toContain('\nOnActiveSec=420s\nOnUnitActiveSec=420s\n');
    expect(text).not.toMatch(/^Persistent/m);
    expect(notes[0]).toMatch(/"every 7m".*Persistent= does not apply/);
  });

  it('do not count a skipped run as a failure, nor one that systemctl stop ended', () => {
    expect(installer.configure(someJob()).text).toContain('\nSuccessExitStatus=75 143\n');
    expect(installer.configure(someJob({ conflictExitCode: 3 })).text).toContain(
      '\nSuccessExitStatus=3 143\n',
    );
  });

  it('restrict nothing that an ordinary job does, such as sudo or writing to /usr', () => {
    const { text } = installer.configure(someJob());
    expect(text).not.toMatch(
      /^(?:Protect|Private|Restrict|NoNew|ReadOnly|ReadWrite|Lock|Memory|System)\w*=/m,
    );
  });

  it('are hardened on request, but the folder of the lock is writable and other processes are visible', () => {
    const { text } = installer.configure(someJob({ lockFolder: '/etc/100% locks', isHardened: true }));
    expect(text).toContain('\nProtectSystem=full\n');
    expect(text).toContain('\nReadWritePaths="-/etc/100%% locks"\n');
    expect(text).not.toMatch(/^(?:ProtectProc|PrivatePIDs|PrivateTmp|ProtectHome|MemoryDenyWriteExecute)=/m);
  });

  it('name no folder of a lock that is in a database', () => {
    const textWith = (lockFolder: string | null) =>
      installer.configure(someJob({ lockFolder, isHardened: true })).text;
    expect(textWith(null)).toBe(textWith('/locks').replace('ReadWritePaths=-/locks\n', ''));
  });

  it('can be shown to a user without a home folder', () => {
    const homeless = systemd(new FakePrograms().run, { isSystem: false, userName: null, home: NOWHERE });
    expect(homeless.configure(someJob()).text).toContain('ExecStart=');
  });

  it('of a user are said to need a login, unless the user lingers', () => {
    const lingerFolder = temporaryFolder();
    const ofLingering = systemd(new FakePrograms().run, { ...ofUser('/home/batch'), lingerFolder });
    expect(ofLingering.configure(someJob()).notes.join()).toContain('loginctl enable-linger');
    writeFileSync(join(lingerFolder, userInfo().username), '');
    expect(ofLingering.configure(someJob()).notes).toEqual([]);
  });

  it('have a `%` in a path doubled', () => {
    const ofPercent = systemd(new FakePrograms().run, ofUser('/home/100%'));
    const secrets = [pingSecret('https://hc-ping.com/s3cr3t')];
    const { text } = ofPercent.configure(someJob({ directory: '/srv/100% shop', secrets }));
    expect(text).toContain('\nWorkingDirectory=/srv/100%% shop\n');
    expect(text).toContain('\nEnvironmentFile=/home/100%%/.config/livinglock/parser.systemd.env\n');
  });

  it('cannot express every folder', () => {
    expect(refusalOf(() => installer.configure(someJob({ directory: '/srv/a\nb' })))).toMatch(
      /^refused: .*--directory/,
    );
  });

  it.skipIf(!isInstalled('systemd-analyze', '--version')).each(TIMINGS)(
    'that start at %s are well-formed (systemd-analyze, if it is installed)',
    (_, timing) => {
      const folder = temporaryFolder();
      const job = someJob({ timing, command: [process.execPath, ...NASTY], directory: '/srv/100% shop' });
      for (const part of installer
        .configure(job)
        .text.split(/^# (?=livinglock-)/m)
        .slice(1)) {
        const [name = '', ...lines] = part.split('\n');
        writeFileSync(join(folder, name), lines.join('\n'));
      }
      const units = ['service', 'timer'].map((suffix) => join(folder, `livinglock-parser.${suffix}`));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
      expect(stderr.split('\n').filter((line) => line.includes('livinglock'))).toEqual([]);
      expect(status).toBe(0);
    },
  );
});

describe.skipIf(process.platform === 'win32')("the units of systemd's user", () => {
  /** systemctl(1), for one timer. */
  class FakeSystemctl extends FakePrograms {
    isOn = false;
    isEnabled = false;
    hasFailed = false;
    needsReload = false;
    /** The only one that fails, if any. */
    broken = '';
    /** Whether it is remembered when the timer last elapsed. */
    hasStamp = false;
    hasClean = true;

    constructor() {
      super((call) => {
        const [program, verb, ...words] = call.replace(' --user', '').split(' ');
        const isOfAll = verb === 'daemon-reload' || verb === 'list-timers';
        if (program !== 'systemctl' || !(isOfAll || words.includes('livinglock-parser.timer'))) {
          throw new Error(`Unexpected: ${call}`);
        }
        if (verb === this.broken || this.broken === 'every') {
          if (verb === 'stop') this.isOn = false;
          return { status: 1, stderr: 'Connection timed out' };
        }
        if (verb === 'is-active') {
          const word = this.hasFailed ? 'failed' : this.isOn ? 'active' : 'inactive';
          return { status: this.isOn ? 0 : 3, stdout: Buffer.from(`${word}\n`) };
        }
        if (verb === 'is-enabled') return { status: this.isEnabled ? 0 : 1 };
        if (verb === 'show' && words.includes('--property=NeedDaemonReload')) {
          return { stdout: Buffer.from(`NeedDaemonReload=${this.needsReload ? 'yes' : 'no'}\n`) };
        }
        if (verb === 'reset-failed') this.hasFailed = false;
        if (verb === 'clean') {
          if (!this.hasClean) return { status: 1, stderr: 'Unknown operation clean.' };
          if (this.isOn || this.hasFailed) return { status: 1, stderr: 'Unit is not stopped.' };
          this.hasStamp = false;
        }
        if (verb === 'enable' || verb === 'start') this.isOn = true;
        if (verb === 'disable' || verb === 'stop') this.isOn = false;
        if (verb === 'enable' || verb === 'disable') this.isEnabled = verb === 'enable';
        if (verb === 'daemon-reload') this.needsReload = false;
        return {};
      });
    }
  }

  it('are written and enabled, once, and removed', async () => {
    const home = temporaryFolder();
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(home));
    const file = (suffix: string) => join(home, '.config', 'systemd', 'user', `livinglock-parser.${suffix}`);

    const steps = await installer.install(someJob());
    expect(linesOf(steps).filter((line) => !line.startsWith('+ '))).toEqual([
      file('service'),
      file('timer'),
      '$ systemctl --user daemon-reload',
      '$ systemctl --user clean --what=state livinglock-parser.timer',
      '$ systemctl --user enable --now livinglock-parser.timer',
    ]);
    await apply(steps);
    expect(readFileSync(file('timer'), 'utf8')).toContain('OnCalendar=*-*-* *:00/2:00');
    expect(await installer.install(someJob())).toEqual([]);

    const changed = await installer.install(someJob({ timing: { kind: 'every', seconds: 300 } }));
    expect(linesOf(changed)).toEqual(
      expect.arrayContaining(['- OnCalendar=*-*-* *:00/2:00', '+ OnCalendar=*-*-* *:00/5:00']),
    );
    await apply(changed);

    const removal = await installer.uninstall('parser');
    expect(linesOf(removal)[0]).toBe('$ systemctl --user disable --now livinglock-parser.timer');
    await apply(removal);
    expect([existsSync(file('service')), existsSync(file('timer')), systemctl.isOn]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await installer.uninstall('parser')).toEqual([]);
  });

  const MORNING = someJob({ timing: parseAt('03:30') });
  const EVENING = someJob({ timing: parseAt('18:00') });
  const programsIn = (steps: readonly Step[]) => linesOf(steps).filter((line) => line.startsWith('$ '));

  it('do not start a job at once whose new time has passed today', async () => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(EVENING));
    systemctl.hasStamp = true;
    const steps = await installer.install(MORNING);
    expect(programsIn(steps)).toEqual([
      '$ systemctl --user stop livinglock-parser.timer',
      '$ systemctl --user daemon-reload',
      '$ systemctl --user clean --what=state livinglock-parser.timer',
      '$ systemctl --user enable --now livinglock-parser.timer',
    ]);
    // What is not written must not stop what was there.
    expect(linesOf(steps)[0]).toMatch(/livinglock-parser\.timer$/);
    await apply(steps);
    expect([systemctl.isOn, systemctl.hasStamp]).toEqual([true, false]);
  });

  it('do not start a job at once that is installed again after it was removed', async () => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(EVENING));
    systemctl.hasStamp = true;
    const removal = await installer.uninstall('parser');
    expect(programsIn(removal)).toEqual([
      '$ systemctl --user disable --now livinglock-parser.timer',
      '$ systemctl --user clean --what=state livinglock-parser.timer',
      '$ systemctl --user daemon-reload',
    ]);
    await apply(removal);
    expect(systemctl.hasStamp).toBe(false);
    // An earlier version has left it behind.
    systemctl.hasStamp = true;
    await apply(await installer.install(MORNING));
    expect(systemctl.hasStamp).toBe(false);
  });

  it.each([0, 1, 2, 3, 4])(
    'do not start a job at once when the time is changed again, after a first try of which only %d steps were made',
    async (count) => {
      const systemctl = new FakeSystemctl();
      const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
      await apply(await installer.install(EVENING));
      systemctl.hasStamp = true;
      const steps = (await installer.install(MORNING)).slice(0, count);
      await apply(steps);
      systemctl.needsReload = !linesOf(steps).some((line) => line.endsWith(' daemon-reload'));
      await apply(await installer.install(MORNING));
      expect([systemctl.isOn, systemctl.hasStamp, systemctl.needsReload]).toEqual([true, false, false]);
    },
  );

  it.each([
    [true, true, true],
    [true, false, true],
    [false, true, true],
    [false, false, false],
  ])('are switched off when removed (active: %s, enabled: %s): %s', async (isOn, isEnabled, isOff) => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(MORNING));
    Object.assign(systemctl, { isOn, isEnabled });
    const [first] = linesOf(await installer.uninstall('parser'));
    expect(first === '$ systemctl --user disable --now livinglock-parser.timer').toBe(isOff);
  });

  it.each(['Description=.*', '# The run itself .*', '# The default is .*'])(
    'are still ours if somebody has edited %s',
    async (line) => {
      const home = temporaryFolder();
      const installer = systemd(new FakeSystemctl().run, ofUser(home));
      await apply(await installer.install(MORNING));
      const folder = join(home, '.config', 'systemd', 'user');
      for (const name of readdirSync(folder)) {
        const path = join(folder, name);
        writeFileSync(path, readFileSync(path, 'utf8').replace(new RegExp(`^${line}$`, 'm'), '# edited'));
      }
      expect(await installer.list(new Date())).toMatchObject([{ name: 'parser', command: '/usr/bin/true' }]);
      await apply(await installer.install(EVENING));
      await apply(await installer.uninstall('parser'));
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it.each<readonly [string, (service: string) => void]>([
    ['the service is gone', (service) => rmSync(service)],
    [
      'somebody has removed its command',
      (service) => writeFileSync(service, 'Description=The job a, run by livinglock\n'),
    ],
  ])('are listed without a command if %s', async (_, change) => {
    const home = temporaryFolder();
    const installer = systemd(new FakeSystemctl().run, ofUser(home));
    await apply(await installer.install(MORNING));
    change(join(home, '.config', 'systemd', 'user', 'livinglock-parser.service'));
    expect(await installer.list(new Date())).toMatchObject([{ name: 'parser', command: '', programs: [] }]);
  });

  it('make up for a missed run after a change of anything but the time', async () => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(MORNING));
    systemctl.hasStamp = true;
    await apply(await installer.install({ ...MORNING, directory: '/srv/other' }));
    systemctl.isOn = false;
    systemctl.isEnabled = false;
    await apply(await installer.install({ ...MORNING, directory: '/srv/other' }));
    expect([systemctl.isOn, systemctl.hasStamp]).toEqual([true, true]);
  });

  it.each(['stop', 'daemon-reload', 'enable'])(
    'do not start a job at once when the time is changed again, after a first try in which %s failed',
    async (verb) => {
      const systemctl = new FakeSystemctl();
      const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
      await apply(await installer.install(EVENING));
      systemctl.hasStamp = true;
      systemctl.broken = verb;
      await expect(apply(await installer.install(MORNING))).rejects.toThrow('Connection timed out');
      systemctl.needsReload = verb !== 'enable';
      systemctl.broken = '';
      await apply(await installer.install(MORNING));
      expect([systemctl.isOn, systemctl.hasStamp, systemctl.needsReload]).toEqual([true, false, false]);
      expect(await installer.install(MORNING)).toEqual([]);
    },
  );

  it.each([
    // It was carried out, but its answer did not come.
    ['stop', true],
    ['daemon-reload', true],
    ['daemon-reload', false],
    ['enable', true],
    ['enable', false],
  ])('go on if %s fails, if they were started: %s', async (verb, isOn) => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(EVENING));
    systemctl.isOn = isOn;
    systemctl.broken = verb;
    await expect(apply(await installer.install(MORNING))).rejects.toThrow('Connection timed out');
    expect(systemctl.isOn).toBe(isOn);
  });

  it('say what has failed first if nothing can be started either', async () => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(EVENING));
    const steps = await installer.install(MORNING);
    systemctl.broken = 'every';
    await expect(apply(steps)).rejects.toThrow('systemctl --user stop');
  });

  it('do not start a job at once whose timer had failed', async () => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(EVENING));
    Object.assign(systemctl, { isOn: false, hasFailed: true, hasStamp: true });
    await apply(await installer.install(MORNING));
    expect([systemctl.isOn, systemctl.hasStamp]).toEqual([true, false]);
    Object.assign(systemctl, { isOn: false, hasFailed: true, hasStamp: true });
    await apply(await installer.uninstall('parser'));
    expect(systemctl.hasStamp).toBe(false);
  });

  it('are left alone if the job is to be that of another user', async () => {
    const folder = temporaryFolder();
    const of = (userName: string | null) =>
      systemd(new FakeSystemctl().run, { isSystem: true, userName, home: NOWHERE, folder });
    await apply(await of('batch').install(someJob()));
    expect(await of('nobody').uninstall('parser')).toEqual([]);
    expect(await of('batch').uninstall('parser')).not.toEqual([]);
    expect(await of(null).uninstall('parser')).not.toEqual([]);
  });

  it('are installed and removed by a systemctl without clean (before version 243)', async () => {
    const systemctl = new FakeSystemctl();
    systemctl.hasClean = false;
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    await apply(await installer.install(MORNING));
    await apply(await installer.install(EVENING));
    expect(systemctl.isOn).toBe(true);
    await apply(await installer.uninstall('parser'));
    expect([systemctl.isOn, await installer.list(new Date())]).toEqual([false, []]);
  });

  it('without a time of the calendar have nothing that could be forgotten', async () => {
    const systemctl = new FakeSystemctl();
    const installer = systemd(systemctl.run, ofUser(temporaryFolder()));
    const job = someJob({ timing: { kind: 'every', seconds: 420 } });
    await apply(await installer.install(job));
    systemctl.isOn = false;
    await apply(await installer.install(job));
    await apply(await installer.uninstall('parser'));
    expect(systemctl.calls.join()).not.toContain(' clean ');
  });

  it.each<readonly [string, (path: string) => void]>([
    ['a unit of the user', (path) => writeFileSync(path, '[Service]\nExecStart=/precious\n')],
    ['a symbolic link', (path) => symlinkSync('/dev/null', path)],
    ['a symbolic link to nothing', (path) => symlinkSync('nowhere', path)],
    ...(process.platform === 'win32' ? [] : [['a FIFO', fifo] as const]),
    ['a folder', (path) => mkdirSync(path)],
  ])('never replace or remove what we have not written: %s', async (_, plant) => {
    for (const suffix of ['service', 'timer']) {
      const home = temporaryFolder();
      const folder = join(home, '.config', 'systemd', 'user');
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `livinglock-parser.${suffix}`);
      plant(path);
      const installer = systemd(new FakeSystemctl().run, ofUser(home));
      const refused = `${path} does not look like what livinglock writes, so it is left alone.`;
      await expect(installer.install(someJob())).rejects.toThrow(refused);
      await expect(installer.uninstall('parser')).rejects.toThrow(refused);
      expect(await installer.list(new Date())).toEqual([]);
      expect(readdirSync(folder)).toEqual([`livinglock-parser.${suffix}`]);
    }
  });

  it('are not written through a second name (a hard link)', async () => {
    const home = temporaryFolder();
    const installer = systemd(new FakeSystemctl().run, ofUser(home));
    await apply(await installer.install(someJob()));
    const service = join(home, '.config', 'systemd', 'user', 'livinglock-parser.service');
    const before = readFileSync(service, 'utf8');
    linkSync(service, join(home, 'mine'));
    await apply(await installer.install(someJob({ directory: '/srv/other' })));
    expect(readFileSync(join(home, 'mine'), 'utf8')).toBe(before);
    expect(readFileSync(service, 'utf8')).toContain('\nWorkingDirectory=/srv/other\n');
  });

  it('are replaced in one step, so that systemd never reads half of a command, and keep their mode', async () => {
    const home = temporaryFolder();
    const installer = systemd(new FakeSystemctl().run, ofUser(home));
    await apply(await installer.install(someJob()));
    const service = join(home, '.config', 'systemd', 'user', 'livinglock-parser.service');
    chmodSync(service, 0o600);
    const { ino } = lstatSync(service);
    await apply(await installer.install(someJob({ directory: '/srv/other' })));
    expect(readFileSync(service, 'utf8')).toContain('\nWorkingDirectory=/srv/other\n');
    expect(lstatSync(service).ino).not.toBe(ino);
    expect(lstatSync(service).mode & 0o777).toBe(0o600);
  });

  it('are enabled if they are there but were not', async () => {
    const systemctl = new FakeSystemctl();
    const home = temporaryFolder();
    const installer = systemd(systemctl.run, ofUser(home));
    await apply(await installer.install(someJob()));
    systemctl.isOn = false;
    expect(linesOf(await installer.install(someJob())).at(-1)).toMatch(/ enable --now /);
  });

  it('are not touched where systemd cannot be reached', async () => {
    const programs = new FakePrograms(() => ({ status: 1, stderr: 'Failed to connect to bus' }));
    const home = temporaryFolder();
    await expect(systemd(programs.run, ofUser(home)).install(someJob())).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringContaining('Failed to connect to bus'),
    });
    expect(existsSync(join(home, '.config'))).toBe(false);
  });

  it('of the system are written and enabled for all, with the user that runs the job', async () => {
    const folder = temporaryFolder();
    const systemctl = new FakeSystemctl();
    const system = { isSystem: true, userName: 'batch', home: NOWHERE, folder };
    const installer = systemd(systemctl.run, system);
    const steps = await installer.install(someJob());
    expect(linesOf(steps).filter((line) => line.startsWith('$ '))).toEqual([
      '$ systemctl daemon-reload',
      '$ systemctl clean --what=state livinglock-parser.timer',
      '$ systemctl enable --now livinglock-parser.timer',
    ]);
    await apply(steps);
    expect(readFileSync(join(folder, 'livinglock-parser.service'), 'utf8')).toContain('\nUser=batch\n');
    expect(installer.configure(someJob()).notes.join()).not.toContain('linger');
    await apply(await installer.uninstall('parser'));
    expect(systemctl.calls).toContain('systemctl disable --now livinglock-parser.timer');
    expect(systemctl.calls.join()).not.toContain('--user');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of the system run as root unless a user is named', () => {
    const installer = systemd(new FakeSystemctl().run, { isSystem: true, userName: null, home: NOWHERE });
    expect(installer.configure(someJob()).text).not.toMatch(/^User=/m);
  });
});
