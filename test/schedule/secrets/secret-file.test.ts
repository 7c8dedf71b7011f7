import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Installer } from '../../../src/schedule/installer.js';
import type { RunProgram } from '../../../src/schedule/run-program.js';
import { cron } from '../../../src/schedule/schedulers/cron.js';
import { launchd } from '../../../src/schedule/schedulers/launchd.js';
import { systemd } from '../../../src/schedule/schedulers/systemd.js';
import { taskScheduler } from '../../../src/schedule/schedulers/task-scheduler.js';
import {
  hasPassword,
  maskPassword,
  pingSecret,
  type Secret,
  storeSecret,
} from '../../../src/schedule/secrets/secret.js';
import { FOR_SHELL, FOR_SYSTEMD, SecretFile } from '../../../src/schedule/secrets/secret-file.js';
import { temporaryFolder } from '../../../support/world.js';
import {
  apply,
  FakeCrontab,
  FakePrograms,
  isInstalled,
  linesOf,
  NASTY,
  NOWHERE,
  refusalOf,
  someJob,
} from '../support.js';

const ADDRESS = 'postgres://batch:s3cr3t@db/shop';
const SECRETS = secretsOf(ADDRESS);

function secretsOf(address: string): readonly Secret[] {
  const secret = storeSecret(address);
  return secret === null ? [] : [secret];
}

describe('the address of a store', () => {
  it.each([
    [ADDRESS, 'postgres://batch:***@db/shop'],
    ['redis://:s3cr3t@db:6379', 'redis://:***@db:6379'],
    ['POSTGRES://batch:s3/cr@3t@db', 'POSTGRES://batch:***@db'],
    ['postgres:///shop?user=batch&password=s3cr3t&x=1', 'postgres:///shop?user=batch&password=***&x=1'],
  ])('%s is shown without its password', (address, shown) => {
    expect(maskPassword(address)).toBe(shown);
    expect(hasPassword(address)).toBe(true);
  });

  it.each(['redis://db:6379/1', 'postgres://batch@db:5432/shop', 'sqlite:/var/lib/locks.db', 'postgres:'])(
    '%s has none',
    (address) => {
      expect(hasPassword(address)).toBe(false);
    },
  );
});

describe.skipIf(process.platform === 'win32')('a file with a secret', () => {
  const someFile = () => {
    const home = temporaryFolder();
    chmodSync(home, 0o700);
    return { home, file: new SecretFile(() => home, 'cron', 'parser', FOR_SHELL) };
  };

  it('is closed to others, is written once, and is removed with its folder', async () => {
    const { home, file } = someFile();
    const steps = await file.around([], SECRETS);
    expect(linesOf(steps)).toEqual([
      `${file.path} (mode 600)`,
      "+ export LIVINGLOCK_STORE='postgres://batch:***@db/shop'",
    ]);
    await apply(steps);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(home, '.config', 'livinglock'))).toEqual(['parser.cron.sh']);
    expect(await file.around([], SECRETS)).toEqual([]);

    await apply(await file.around([], []));
    expect(readdirSync(join(home, '.config'))).toEqual([]);
    expect(await file.around([], [])).toEqual([]);
  });

  it('is written again if others could read it', async () => {
    const { file } = someFile();
    await apply(await file.around([], SECRETS));
    chmodSync(file.path, 0o644);
    const steps = await file.around([], SECRETS);
    expect(linesOf(steps)).toContain('- the old content');
    await apply(steps);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
  });

  it.each<[string, (path: string) => void]>([
    ['a link', (path) => symlinkSync('target', path)],
    ['a file of the user', (path) => writeFileSync(path, 'export LIVINGLOCK_STORE=x\nexport TOKEN=mine\n')],
    ['a folder', (path) => mkdirSync(path)],
  ])('never replaces or removes %s that we have not written', async (_, plant) => {
    const { home, file } = someFile();
    mkdirSync(join(home, '.config', 'livinglock'), { recursive: true, mode: 0o700 });
    plant(file.path);
    for (const secrets of [SECRETS, []])
      await expect(file.around([], secrets)).rejects.toThrow(
        `${file.path} does not look like what livinglock writes`,
      );
  });

  it('is not written into a folder that is a link, or open to others', async () => {
    const { home, file } = someFile();
    mkdirSync(join(home, '.config'), { mode: 0o700 });
    const elsewhere = temporaryFolder();
    symlinkSync(elsewhere, join(home, '.config', 'livinglock'));
    await expect(apply(await file.around([], SECRETS))).rejects.toMatchObject({
      reason: 'failed',
      message: expect.stringMatching(
        /^Cannot change .*\.config\/livinglock is a symbolic link\. Only you may .*sudo -H/,
      ),
    });
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it('is not possible for a user without a home folder', async () => {
    expect(await new SecretFile(NOWHERE, 'cron', 'parser', FOR_SHELL).around([], [])).toEqual([]);
  });

  it('gives a shell the unchanged address', async () => {
    const { file } = someFile();
    for (const each of NASTY) {
      const address = `redis://:${each}@db`;
      await apply(await file.around([], secretsOf(address)));
      const script = '. "$0" && printf %s "$LIVINGLOCK_STORE"';
      expect(execFileSync('/bin/sh', ['-c', script, file.path], { encoding: 'utf8' })).toBe(address);
    }
  });

  it('gives systemd the unchanged address', () => {
    for (const each of NASTY) {
      const [, quoted = ''] = /^A="(.*)"$/s.exec(FOR_SYSTEMD.assign('A', each)) ?? [];
      // Within double quotes a backslash is removed before these four, and kept before any other character (env-file.c).
      expect(quoted).toMatch(/^(?:\\["\\`$]|[^"\\`$])*$/);
      expect(quoted.replaceAll(/\\(["\\`$])/g, '$1')).toBe(each);
    }
  });

  it('cannot contain a line break', async () => {
    for (const others of [[], SECRETS]) {
      const secrets = [...others, pingSecret('https://a\nb')];
      await expect(someFile().file.around([], secrets)).rejects.toMatchObject({ reason: 'refused' });
    }
  });
});

/** Of systemd. */
const INACTIVE = new FakePrograms((call) =>
  call.includes('is-active') ? { status: 3, stdout: Buffer.from('inactive\n') } : {},
);

describe.skipIf(process.platform === 'win32')('a job with a password', () => {
  const job = someJob({ secrets: SECRETS });
  const home = () => temporaryFolder();

  it.each<[string, (home: string) => Installer, string]>([
    [
      'cron',
      (folder) => cron(new FakeCrontab(null).run, () => folder, null),
      ` && /bin/sh -c '. "$0" && exec "$@"' HOME/.config/livinglock/parser.cron.sh /usr/bin/node `,
    ],
    [
      'systemd',
      (folder) => systemd(new FakePrograms().run, { isSystem: false, userName: null, home: () => folder }),
      '\nEnvironmentFile=HOME/.config/livinglock/parser.systemd.env\n',
    ],
    [
      'launchd',
      (folder) => launchd(new FakePrograms().run, folder, 501),
      '<string>HOME/.config/livinglock/parser.launchd.sh</string>\n    <string>/usr/bin/node</string>',
    ],
  ])('of %s reads it from its file', (_, make, reference) => {
    const folder = home();
    const { text, notes } = make(folder).configure(job);
    expect(text).toContain(reference.replace('HOME', folder));
    expect(text + notes.join('\n')).not.toContain('s3cr3t');
    expect(notes[0]).toMatch(/--install writes this file.*mode 600.*\*\*\*@db\/shop/);
  });

  it('has all its secrets in one file', async () => {
    const folder = home();
    const file = new SecretFile(() => folder, 'systemd', 'parser', FOR_SYSTEMD);
    const steps = await file.around([], [...SECRETS, pingSecret('https://hc-ping.com/s3cr3t')]);
    expect(linesOf(steps)).toEqual([
      `${file.path} (mode 600)`,
      '+ LIVINGLOCK_STORE="postgres://batch:***@db/shop"',
      '+ LIVINGLOCK_PING_URL="***"',
    ]);
    await apply(steps);
    expect(readFileSync(file.path, 'utf8')).toBe(
      `LIVINGLOCK_STORE="${ADDRESS}"\nLIVINGLOCK_PING_URL="https://hc-ping.com/s3cr3t"\n`,
    );
  });

  for (const shell of ['sh', 'tcsh', 'fish']) {
    it.skipIf(!isInstalled(shell, '-c', 'true'))(
      `of cron runs with the address and unchanged arguments if its SHELL is ${shell} (if it is installed)`,
      async () => {
        const folder = home();
        const crontab = new FakeCrontab(`SHELL=${shell}\n`);
        const script = 'printf "%s|" "$LIVINGLOCK_STORE" "$@"';
        const command = ['/bin/sh', '-c', script, 'run parser', 'a b', '$HOME'];
        const installer = cron(crontab.run, () => folder, null);
        await apply(await installer.install(someJob({ command, directory: folder, secrets: SECRETS })));
        const line = /^\S+(?: \S+){4} (.*)$/m.exec(String(crontab.content))?.[1] ?? '';
        const output = execFileSync(shell, ['-c', line.replaceAll('\\%', '%')], { encoding: 'utf8' });
        expect(output).toBe(`${ADDRESS}|a b|$HOME|`);
        expect(line).toMatch(/^cd \S+ && \/bin\/sh -c /);
      },
    );
  }

  it('of cron replaces the line of an earlier version, in which the SHELL had to know the dot', async () => {
    const folder = home();
    const file = new SecretFile(() => folder, 'cron', 'parser', FOR_SHELL);
    const { text } = cron(new FakeCrontab(null).run, () => folder, null).configure(job);
    const old = text.replace(/ cd (\S+) && .*? (?=\/usr\/bin\/node)/, ` . ${file.path} && cd $1 && `);
    expect(old).toContain(`* . ${file.path} && cd /srv/shop && /usr/bin/node `);
    const crontab = new FakeCrontab(`A=1\n${old}B=2\n`);
    const installer = cron(crontab.run, () => folder, null);
    expect(await installer.list(new Date())).toMatchObject([{ name: 'parser', command: '/usr/bin/true' }]);
    await apply(await installer.install(job));
    expect(String(crontab.content)).toBe(`A=1\n${text}B=2\n`);
    await apply(await installer.uninstall('parser'));
    expect(String(crontab.content)).toBe('A=1\nB=2\n');
  });

  it('of launchd runs the command with the address and unchanged arguments', async () => {
    const folder = home();
    const file = new SecretFile(() => folder, 'launchd', 'parser', FOR_SHELL);
    await apply(await file.around([], SECRETS));
    const command = ['/bin/sh', '-c', 'printf "%s|" "$LIVINGLOCK_STORE" "$@"', 'sh', 'a b', ''];
    const { text } = launchd(new FakePrograms().run, folder, 501).configure(
      someJob({ command, secrets: SECRETS }),
    );
    const list = /<array>(.*?)<\/array>/s.exec(text)?.[1] ?? '';
    const words = [...list.matchAll(/<string>(.*?)<\/string>/gs)].map(([, word = '']) =>
      word.replaceAll('&amp;', '&'),
    );
    const [program = '', ...args] = words;
    expect(execFileSync(program, args, { encoding: 'utf8' })).toBe(`${ADDRESS}|a b||`);
  });

  it('of systemd is installed and removed with its file', async () => {
    const folder = home();
    const installer = systemd(INACTIVE.run, { isSystem: false, userName: null, home: () => folder });
    const file = join(folder, '.config', 'livinglock', 'parser.systemd.env');
    await apply(await installer.install(job));
    expect(readFileSync(file, 'utf8')).toBe(`LIVINGLOCK_STORE="${ADDRESS}"\n`);
    await apply(await installer.uninstall('parser'));
    expect(existsSync(file)).toBe(false);
  });

  it('keeps its file when something else changes, or a job of another user is removed', async () => {
    const folder = home();
    const crontab = new FakeCrontab(null);
    const installer = cron(crontab.run, () => folder, null);
    await apply(await installer.install(job));
    const steps = await installer.install({ ...job, directory: '/srv/other' });
    expect(linesOf(steps)[0]).toBe('the crontab of this user');
    await apply(steps);
    expect(String(crontab.content)).toContain('cd /srv/other');
    await apply(await cron(new FakeCrontab(null).run, () => folder, 'batch').uninstall('parser'));
    expect(existsSync(join(folder, '.config', 'livinglock', 'parser.cron.sh'))).toBe(true);
  });

  it('loses its file when it is scheduled without the password', async () => {
    const folder = home();
    const installer = cron(new FakeCrontab(null).run, () => folder, null);
    await apply(await installer.install(job));
    await apply(await installer.install(someJob()));
    expect(existsSync(join(folder, '.config', 'livinglock'))).toBe(false);
  });

  it('keeps its file if the crontab cannot be changed', async () => {
    const folder = home();
    const crontab = new FakeCrontab(null);
    let isFull = false;
    const run: RunProgram = (program, args, input) =>
      isFull && args.includes('-')
        ? Promise.resolve({ status: 1, stdout: Buffer.alloc(0), stderr: 'No space left on device\n' })
        : crontab.run(program, args, input);
    const installer = cron(run, () => folder, null);
    await apply(await installer.install(job));
    const file = join(folder, '.config', 'livinglock', 'parser.cron.sh');
    const before = readFileSync(file, 'utf8');

    isFull = true;
    chmodSync(file, 0o644);
    const others = [secretsOf('redis://:other@db'), []].map((secrets) =>
      someJob({ secrets, directory: '/elsewhere' }),
    );
    for (const other of others) {
      const steps = await installer.install(other);
      await expect(apply(steps)).rejects.toThrow('No space left');
      expect(readFileSync(file, 'utf8')).toBe(before);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    const another = await installer.install(someJob({ name: 'new', secrets: SECRETS }));
    await expect(apply(another)).rejects.toThrow('No space left');
    // The crontab may have been changed nevertheless, and read it.
    expect(readdirSync(join(folder, '.config', 'livinglock'))).toEqual(['new.cron.sh', 'parser.cron.sh']);
  });

  it('of systemd loses its file only after no unit reads it', async () => {
    const folder = home();
    const installer = systemd(INACTIVE.run, { isSystem: false, userName: null, home: () => folder });
    await apply(await installer.install(job));
    const lines = linesOf(await installer.install(someJob()));
    const file = join(folder, '.config', 'livinglock', 'parser.systemd.env');
    expect(lines.at(-1)).toBe(`${file} is removed`);
    expect(lines.at(-2)).toMatch(/^\$ systemctl .*enable --now/);
  });

  it('is refused if the scheduler has no place for it', async () => {
    expect(refusalOf(() => taskScheduler(new FakePrograms().run).configure(job))).toMatch(
      /^refused: .*pgpass\.conf/,
    );
    const ofBatch = cron(new FakeCrontab(null).run, home, 'batch');
    expect(refusalOf(() => ofBatch.configure(job))).toMatch(/^refused: .*sudo -H -u batch/);
    await expect(ofBatch.install(job)).rejects.toMatchObject({
      reason: 'refused',
      message: expect.stringContaining('sudo -H -u batch'),
    });
  });
});
