import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROGRAM } from './support/desk.js';
import { canBeNobody, canMount, isPosix, isRoot, NOBODY, temporaryFolder } from './support/machine.js';

/** What crontab(1) does, for a user whose crontab is the file that `FAKE_CRONTAB` names. */
const FAKE_CRONTAB = `#!/bin/sh
case "$1" in
-l) if [ -e "$FAKE_CRONTAB" ]; then cat "$FAKE_CRONTAB"; else echo "no crontab for batch" >&2; exit 1; fi ;;
-r) rm "$FAKE_CRONTAB" ;;
-) cat > "$FAKE_CRONTAB.new" && mv "$FAKE_CRONTAB.new" "$FAKE_CRONTAB" ;;
*) echo "usage: crontab" >&2; exit 1 ;;
esac
`;

/** Environment, bytes that are no UTF-8, other line breaks, and none at the end. */
const OTHERS = Buffer.from(
  'MAILTO=ops@example.org\nPATH=/opt/bin:/usr/bin\r\n\n# Jos\xe9 \xff\n*/5 * * * * /opt/poll 100\\% # livinglock\n@daily  true',
  'latin1',
);

const NASTY = [
  'a b',
  "it's",
  '100%',
  'a\\%b',
  '\\\\',
  '%%',
  '"q"',
  '$HOME',
  '`id`',
  '*',
  'é 日本 🔒',
  '',
  '-x',
  '--',
];

/** A user with a home folder, locks and a crontab of its own. */
class User {
  readonly folder = temporaryFolder();
  readonly crontab = join(this.folder, 'crontab.txt');
  readonly env: NodeJS.ProcessEnv;
  /** As whom it is on this machine, if not as the one who runs the tests. */
  uid?: number;

  constructor() {
    const programs = join(this.folder, 'bin');
    mkdirSync(programs);
    writeFileSync(join(programs, 'crontab'), FAKE_CRONTAB);
    chmodSync(join(programs, 'crontab'), 0o755);
    this.env = {
      ...process.env,
      HOME: this.folder,
      LIVINGLOCK_DIR: join(this.folder, 'locks'),
      PATH: [programs, process.env['PATH']].join(delimiter),
      FAKE_CRONTAB: this.crontab,
    };
  }

  schedule(...args: readonly string[]) {
    return this.start(process.execPath, [PROGRAM, 'schedule', ...args]);
  }

  start(program: string, args: readonly string[], input = '') {
    const { status, stdout, stderr } = spawnSync(program, args, {
      env: this.env,
      cwd: this.folder,
      ...(this.uid === undefined ? {} : { uid: this.uid }),
      input,
      encoding: 'utf8',
    });
    return { code: status, output: stdout, errors: stderr };
  }
}

const JOB = ['--every', '2m', '--name', 'parser', '--for', 'cron'];

describe.skipIf(!isPosix)('a job of cron', () => {
  test('comes and goes without a change to the lines of others', () => {
    const user = new User();
    writeFileSync(user.crontab, OTHERS);

    const first = user.schedule(...JOB, '--install', '--yes', '--', 'true');
    expect(first).toMatchObject({ code: 0, errors: '' });
    expect(first.output).toMatch(/^\+ \*\/2 \* \* \* \* cd .* run .*parser\.lock -- \S*\/true$/m);
    expect(first.output).toMatch(/^parser is scheduled: every 2m, by cron\.$/m);
    const installed = readFileSync(user.crontab);
    expect(installed.subarray(0, OTHERS.length)).toEqual(OTHERS);

    const second = user.schedule(...JOB, '--install', '--yes', '--', 'true');
    expect(second.output).toBe('parser is scheduled like this already: nothing to change.\n');
    expect(readFileSync(user.crontab)).toEqual(installed);

    const removal = user.schedule('--name', 'parser', '--for', 'cron', '--uninstall', '--yes');
    expect(removal).toMatchObject({ code: 0, errors: '' });
    expect(readFileSync(user.crontab)).toEqual(OTHERS);

    const again = user.schedule('--name', 'parser', '--for', 'cron', '--uninstall');
    expect(again).toEqual({
      code: 0,
      output: 'parser is not scheduled by cron: nothing to change.\n',
      errors: '',
    });
  });

  test('of a user without a crontab leaves none', () => {
    const user = new User();
    expect(user.schedule(...JOB, '--install', '--yes', '--', 'true').code).toBe(0);
    expect(existsSync(user.crontab)).toBe(true);
    expect(user.schedule(...JOB, '--uninstall', '--yes').code).toBe(0);
    expect(existsSync(user.crontab)).toBe(false);
  });

  test('gets all arguments as they were given, in the folder where it was scheduled, under the lock', () => {
    const user = new User();
    const script =
      'const { LIVINGLOCK_PATH: path } = process.env;' +
      'const { command } = JSON.parse(fs.readFileSync(path));' +
      'fs.writeFileSync("seen.json", JSON.stringify([process.argv.slice(1), path, command]))';
    const label = "it's 100% ours";
    user.schedule(
      ...JOB,
      '--install',
      '--yes',
      '--wait=5s',
      '-q',
      '--label',
      label,
      '--',
      'node',
      '-e',
      script,
      '--',
      ...NASTY,
    );

    const line = readFileSync(user.crontab, 'utf8').split('\n')[1] ?? '';
    // crontab(5): the command is what follows the five fields, and ends at a % without a backslash.
    const command = line.split(' ').slice(5).join(' ').replaceAll('\\%', '%');
    const env = { HOME: '/', PATH: '/usr/bin:/bin' };
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command], { env, cwd: '/', encoding: 'utf8' });

    expect(stderr).toBe('');
    expect(status).toBe(0);
    const seen: unknown = JSON.parse(readFileSync(join(user.folder, 'seen.json'), 'utf8'));
    expect(seen).toEqual([NASTY, join(user.folder, 'locks', 'parser.lock'), label]);
    expect(command).toContain(' run --conflict-exit-code=0 --wait=5s --quiet ');
  });

  test('says nothing, and is no failure, when a run is skipped, but an error is still seen', () => {
    const user = new User();
    user.schedule(...JOB, '--install', '--yes', '--', 'true');
    const line = readFileSync(user.crontab, 'utf8').split('\n')[1] ?? '';
    const command = line.split(' ').slice(5).join(' ');
    const lock = join(user.folder, 'locks', 'parser');
    const held = ['run', `${lock}.lock`, '--', '/bin/sh', '-c', command];
    expect(user.start(process.execPath, [PROGRAM, ...held])).toEqual({ code: 0, output: '', errors: '' });

    writeFileSync(`${lock}.lock`, 'not a lock');
    const failed = user.start('/bin/sh', ['-c', command]);
    expect(failed.code).toBe(73);
    expect(failed.errors).toContain('not a lock');
  });

  test('is listed with its next run, for people and for programs', () => {
    const user = new User();
    writeFileSync(user.crontab, OTHERS);
    const nothing = user.schedule('--list', '--for', 'cron');
    expect(nothing).toEqual({ code: 0, output: 'Nothing is scheduled by livinglock here.\n', errors: '' });
    user.schedule(...JOB, '--install', '--yes', '--', 'true');

    const { code, output } = user.schedule('--list', '--for', 'cron');
    expect(code).toBe(0);
    expect(output).toMatch(
      /^NAME +SCHEDULER +WHEN +NEXT RUN +COMMAND\nparser +cron +\*\/2 \* \* \* \* +\d{4}-\d\d-\d\d \d\d:\d[02468]:00 +\S*\/true\n$/,
    );
    const all = user.schedule('--list', '--json');
    expect(JSON.parse(all.output)).toContainEqual({
      name: 'parser',
      scheduler: 'cron',
      when: '*/2 * * * *',
      next: expect.stringMatching(/T.*Z$/),
      command: expect.stringMatching(/\/true$/),
    });
    expect(JSON.parse(user.schedule('--list', '--json', '--for', 'cron', '--name', 'other').output)).toEqual(
      [],
    );
  });

  test('is not installed unless somebody has agreed', () => {
    const user = new User();
    const { code, output, errors } = user.schedule(...JOB, '--install', '--', 'true');
    expect(code).toBe(64);
    expect(output).toMatch(/^\+ \*\/2 /m);
    expect(errors).toBe(
      'livinglock: Nothing was changed: there is no terminal to ask on. Agree by --yes beforehand.\n',
    );
    expect(existsSync(user.crontab)).toBe(false);
  });

  const hasPty = spawnSync('python3', ['-c', 'import pty']).status === 0;
  test.skipIf(!hasPty).each([
    ['y', 0, true],
    ['n', 1, false],
    ['', 1, false],
  ])(
    'is asked for on a terminal, and %j means %i (a pty by python3, if it is there)',
    (answer, code, isInstalled) => {
      const user = new User();
      const inPty = `import os, pty, sys
def read(fd):
  data = os.read(fd, 4096)
  if b'[y/N]' in data: os.write(fd, sys.argv[1].encode() + b'\\n')
  return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))`;
      const command = [process.execPath, PROGRAM, 'schedule', ...JOB, '--install', '--', 'true'];
      const { code: status, output } = user.start('python3', ['-c', inPty, answer, ...command]);
      expect(output).toContain('Go on? [y/N]');
      expect(status).toBe(code);
      expect(existsSync(user.crontab)).toBe(isInstalled);
    },
  );

  test.skipIf(
    !canMount || !existsSync('/var/spool/cron') || spawnSync('crontab', ['-V']).error !== undefined,
  )(
    'comes and goes in a real crontab (where cron is installed, with a spool of its own, as root on Linux)',
    () => {
      const user = new User();
      const others = Buffer.concat([OTHERS, Buffer.from('\n')]);
      writeFileSync(join(user.folder, 'others'), others);
      const script = `
        mount -t tmpfs none /var/spool/cron && mkdir -m 1730 /var/spool/cron/crontabs || exit
        crontab others && crontab -l > before
        "$@" --install --yes -- true && crontab -l > with
        "$@" --uninstall --yes && crontab -l > after`;
      user.env['PATH'] = process.env['PATH'];
      const command = [process.execPath, PROGRAM, 'schedule', ...JOB];
      const { code, errors } = user.start('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command]);
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      const read = (name: string) => readFileSync(join(user.folder, name));
      expect(read('with').includes('# livinglock schedule begin parser\n*/2 * * * * cd ')).toBe(true);
      expect(read('after')).toEqual(read('before'));
    },
  );
});

describe('what is printed', () => {
  test.each([
    ['cron', /^# livinglock schedule begin parser\n\*\/2 .*\n# livinglock schedule end parser\n$/],
    ['systemd', /^# livinglock-parser\.service\n\[Unit\].*\n# livinglock-parser\.timer\n.*OnCalendar=/s],
    ['launchd', /^<\?xml .*<string>livinglock\.parser<\/string>.*<\/plist>\n$/s],
    ['task-scheduler', /^<\?xml .*<Interval>PT2M<\/Interval>.*<\/Task>\n$/s],
  ])('for %s is its configuration alone, and changes nothing', (scheduler, configuration) => {
    const user = new User();
    const { code, output } = user.schedule(
      '--every',
      '2m',
      '--name',
      'parser',
      '--for',
      scheduler,
      '--',
      'node',
    );
    expect(code).toBe(0);
    expect(output).toMatch(configuration);
    expect(existsSync(user.crontab)).toBe(false);
  });
});

describe('a store that the environment names', () => {
  test('is named for the scheduler, which has another environment', () => {
    const user = new User();
    user.env['LIVINGLOCK_STORE'] = 'postgres://batch@db/shop';
    const { code, output, errors } = user.schedule(...JOB, '--', 'node');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toContain(' --store=postgres://batch@db/shop parser -- ');
  });

  test('is none where an option names it', () => {
    const user = new User();
    user.env['LIVINGLOCK_STORE'] = 'postgres://batch:secret@db/shop';
    const { output, errors } = user.schedule(...JOB, '--store', 'redis://db', '--', 'node');
    expect(output).toContain(' --store=redis://db parser -- ');
    expect(errors).toBe('');
  });

  test.skipIf(!isPosix)('is in a file of its own if it contains a password, which is never printed', () => {
    const user = new User();
    user.env['LIVINGLOCK_STORE'] = 'postgres://batch:secret@db/shop';
    const file = join(user.folder, '.config', 'livinglock', 'parser.cron.sh');
    const printed = user.schedule(...JOB, '--', 'node');
    expect(printed.output).toContain(` * . ${file} && cd `);
    expect(printed.errors).toMatch(/^livinglock: The address of the store contains a password.* mode 600/);
    expect(existsSync(file)).toBe(false);

    const installed = user.schedule(...JOB, '--install', '--yes', '--', 'true');
    expect(installed.code).toBe(0);
    expect(installed.output).toContain(`${file} (mode 600)\n+ export LIVINGLOCK_STORE=`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('batch:secret@db');
    expect(readFileSync(user.crontab, 'utf8')).not.toContain('secret');

    const removed = user.schedule('--name', 'parser', '--for', 'cron', '--uninstall', '--yes');
    expect([existsSync(file), existsSync(user.crontab)]).toEqual([false, false]);
    for (const { output, errors } of [printed, installed, removed]) {
      expect(output + errors).not.toContain('secret');
    }
  });
});

describe('a unit of the system', () => {
  const unit = [...JOB.slice(0, -1), 'systemd', '--system'];

  test.skipIf(!isPosix)('can be printed by anyone, for any user', () => {
    const { code, output, errors } = new User().schedule(
      ...unit,
      '--user-name',
      'no-such-user',
      '--',
      'true',
    );
    expect(code).toBe(0);
    expect(output).toContain('\nUser=no-such-user\n');
    expect(errors).toMatch(/^livinglock: This machine has no user no-such-user\./m);
    expect(errors).not.toContain('enable-linger');
  });

  test.skipIf(!isRoot)('is not installed for a user that does not exist (as root)', () => {
    const user = new User();
    const { code, errors } = user.schedule(
      ...unit,
      '--user-name',
      'no-such-user',
      '--install',
      '--yes',
      '--',
      'true',
    );
    expect({ code, errors }).toMatchObject({ code: 64, errors: expect.stringContaining('no-such-user') });
    expect(existsSync('/etc/systemd/system/livinglock-parser.timer')).toBe(false);
  });

  test.skipIf(!canBeNobody)('is installed by root alone (as root, to be another user)', () => {
    const user = new User();
    user.uid = NOBODY;
    const { code, errors } = user.schedule(...unit, '--install', '--yes', '--', 'true');
    expect({ code, errors }).toMatchObject({ code: 64, errors: expect.stringContaining('Run it by sudo') });
  });
});

describe('bad input is refused in one line', () => {
  const named = ['--name', 'parser'];
  test.each<[string, string[], number, RegExp]>([
    ['no name', ['--every', '2m', '--', 'node'], 64, /--name/],
    ['a name with a slash', ['--every', '2m', '--name', 'a/b', '--', 'node'], 64, /The name of a job is/],
    ['a name like an option', ['--every', '2m', '--name=-w', '--', 'node'], 64, /The name of a job is/],
    ['no time', [...named, '--', 'node'], 64, /Give --every 2m, --at 03:30 or /],
    ['two times', [...named, '--every', '2m', '--at', '03:30', '--', 'node'], 64, /cannot be used with/],
    ['no such time', [...named, '--at', '24:00', '--', 'node'], 64, /such as 03:30/],
    ['less than a second', [...named, '--every', '500ms', '--', 'node'], 64, /less than seconds/],
    [
      'what cron cannot say',
      [...named, '--every', '7m', '--for', 'cron', '--', 'node'],
      64,
      /Nearest to it: 6m, 10m/,
    ],
    ['no command', [...named, '--every', '2m'], 64, /Put -- before the command/],
    ['an empty command', [...named, '--every', '2m', '--'], 64, /must not be empty/],
    ['a wrong option of run', [...named, '--every', '2m', '--wait', 'long', '--', 'node'], 64, /--wait/],
    [
      'options of run that do not fit',
      [...named, '--every', '2m', '--stale-timeout', '1m', '--heartbeat-interval', '2m', '--', 'node'],
      64,
      /must be shorter/,
    ],
    ['JSON of nothing', [...named, '--every', '2m', '--json', '--', 'node'], 64, /only for --list/],
    ['a list and more', [...named, '--list', '--uninstall'], 64, /cannot be used with/],
    ['no such weekday', [...named, '--at', 'moonday 03:30', '--', 'node'], 64, /weekday "moo"/],
    [
      'system units of cron',
      [...named, '--every', '2m', '--system', '--for', 'cron', '--', 'node'],
      64,
      /--system is about/,
    ],
    [
      'a hardened crontab',
      [...named, '--every', '2m', '--harden', '--for', 'cron', '--', 'node'],
      64,
      /--harden is about/,
    ],
    [
      'a user like an option',
      [...named, '--every', '2m', '--user-name=-r', '--for', 'cron', '--', 'node'],
      64,
      /name of a user/,
    ],
    ['a mistyped option', [...named, '--evry', '2m', '--', 'node'], 64, /Did you mean --every\?/],
    [
      'a folder that is not there',
      [...named, '--every', '2m', '--directory', 'none', '--', 'node'],
      66,
      /There is no folder/,
    ],
    [
      'both',
      [...named, '--every', '2m', '--install', '--uninstall', '--', 'node'],
      64,
      /cannot be used with/,
    ],
  ])('%s', (_, args, code, message) => {
    const { code: status, output, errors } = new User().schedule(...args);
    expect(errors).toMatch(/^livinglock: .*\n$/);
    expect(errors).toMatch(message);
    expect({ status, output }).toEqual({ status: code, output: '' });
  });

  test.skipIf(!isPosix)('a command that is not there', () => {
    const { code, errors } = new User().schedule(...JOB, '--', 'there-is-no-such-command');
    expect(code).toBe(127);
    expect(errors).toMatch(/^livinglock: There is no command there-is-no-such-command\..*\n$/);
  });
});
