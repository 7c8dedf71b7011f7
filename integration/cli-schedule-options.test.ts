import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canBeNobody, canMount, isPosix, isRoot, NOBODY } from '../support/machine.js';
import { PROGRAM } from './support/desk.js';
import { JOB, User } from './support/schedule-user.js';

/** systemctl(1), to which every unit is inactive. */
const INACTIVE = '#!/bin/sh\ncase "$1" in is-active) echo inactive; exit 3;; esac\n';

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

test('a --stale-timeout that notices no hang is hinted at here, because the runs of cron are quiet', () => {
  const user = new User();
  const hint = /^livinglock: With --stale-timeout alone a command that hangs is not noticed: .*\n$/;
  const errors = (...options: string[]) => user.schedule(...JOB, ...options, '--', 'node').errors;
  expect(errors('--stale-timeout', '15m')).toMatch(hint);
  expect(errors('--stale-timeout', '15m', '--quiet')).toBe('');
  expect(errors('--stale-timeout', '15m', '--heartbeat', 'output')).toBe('');
  expect(user.schedule('--name', 'parser', '--stale-timeout', '15m', '--uninstall').errors).toBe('');
});

test("the output of a job of launchd is kept once: not in launchd's own log, which grows without end", () => {
  const user = new User();
  const agentWith = (...options: string[]) =>
    user.schedule(...JOB.slice(0, -1), 'launchd', ...options, '--', 'node').output;
  const silent = '<string>--log</string>\n    <string>--output=never</string>';
  expect(agentWith()).toContain(silent);
  expect(agentWith('--log')).toContain(silent);
  expect(agentWith('--output', 'on-failure')).not.toContain('never');
  expect(agentWith('--no-log')).not.toContain('never');
});

describe('the folders that variables name', () => {
  test('are for the Task Scheduler, which cannot set them, the path of the lock and of the logs', () => {
    const user = new User();
    const { output } = user.schedule(...JOB.slice(0, -1), 'task-scheduler', '--', 'node');
    expect(output).not.toContain('LIVINGLOCK_DIR');
    expect(output).toMatch(/ --log=\S+logs\/ \S+parser\.lock -- /);
  });

  test.skipIf(!isPosix)(
    "are set in a unit for another user, except for the history, which is that user's own",
    () => {
      const user = new User();
      user.env['LIVINGLOCK_HISTORY'] = join(user.folder, 'history');
      const unit = [...JOB.slice(0, -1), 'systemd', '--system', '--user-name', 'no-such-user'];
      const { output } = user.schedule(...unit, '--', 'true');
      expect(output).toContain(
        `\nExecStart=/usr/bin/env LIVINGLOCK_DIR=${user.env['LIVINGLOCK_DIR']} ${process.execPath} `,
      );
      expect(output).not.toContain('LIVINGLOCK_HISTORY');
    },
  );
});

describe('a store from the environment', () => {
  test('is written into the job, because a scheduler has another environment', () => {
    const user = new User();
    user.env['LIVINGLOCK_STORE'] = 'postgres://batch@db/shop';
    const { code, output, errors } = user.schedule(...JOB, '--', 'node');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(/ --store=postgres:\/\/batch@db\/shop --log --history parser -- /);
  });

  test('says which variables of the database the job does not get', () => {
    const user = new User();
    user.env['PGHOST'] = 'db.internal';
    const { output, errors } = user.schedule(...JOB, '--store', 'postgres://batch@/shop', '--', 'node');
    expect(output).toContain(' --store=postgres://batch@/shop ');
    expect(errors).toMatch(/^livinglock: The job does not get PGHOST from this environment\. .+\n$/);
  });

  test.each(['--no-history', '--history'])('does not change %s', (option) => {
    const { output } = new User().schedule(...JOB, '--store', 'redis://db', option, '--', 'node');
    expect(output.match(/--(?:no-)?history/g)).toEqual([option]);
  });

  test('adds no --history if a variable sets its folder, or turns it off', () => {
    const user = new User();
    user.env['LIVINGLOCK_HISTORY'] = '';
    const { output } = user.schedule(...JOB, '--store', 'redis://db', '--', 'node');
    expect(output).not.toContain('--history');
  });

  test.runIf(isRoot)('adds --history for another user, whose entry sets no variable', () => {
    const user = new User();
    user.env['LIVINGLOCK_HISTORY'] = user.folder;
    const options = [...JOB, '--store', 'redis://db', '--user-name', 'root'];
    expect(user.schedule(...options, '--', 'node').output).toContain(' --history ');
  });

  test('is left out if an option names one', () => {
    const user = new User();
    user.env['LIVINGLOCK_STORE'] = 'postgres://batch:secret@db/shop';
    const { output, errors } = user.schedule(...JOB, '--store', 'redis://db', '--', 'node');
    expect(output).toMatch(/ --store=redis:\/\/db --log --history parser -- /);
    expect(errors).toBe('');
  });

  test('is named by the last of several options, and the password in another one is never printed', () => {
    const user = new User();
    const options = ['--store', 'postgres://batch:secret@db/shop', '--store', 'redis://db'];
    const { code, output, errors } = user.schedule(...JOB, ...options, '--', 'node');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output).toMatch(/ --store=redis:\/\/db --log --history parser -- /);
    expect(output).not.toContain('secret');
  });

  test.skipIf(!isPosix)('is in a separate file if it contains a password, which is never printed', () => {
    const user = new User();
    user.env['LIVINGLOCK_STORE'] = 'postgres://batch:secret@db/shop';
    const file = join(user.folder, '.config', 'livinglock', 'parser.cron.sh');
    const printed = user.schedule(...JOB, '--', 'node');
    expect(printed.output).toContain(` && /bin/sh -c '. "$0" && exec "$@"' ${file} `);
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

describe('the URL to ping', () => {
  test.skipIf(!isPosix)('is in a separate file, next to the store, and never printed', () => {
    const user = new User();
    user.env['LIVINGLOCK_PING_URL'] = 'https://hc-ping.com/s3cr3t';
    const file = join(user.folder, '.config', 'livinglock', 'parser.cron.sh');
    const printed = user.schedule(...JOB, '--', 'node');
    expect(printed.output).toContain(` && /bin/sh -c '. "$0" && exec "$@"' ${file} `);
    expect(printed.output).not.toContain('--ping');
    expect(printed.errors).toMatch(/^livinglock: The URL to ping is a secret.* mode 600.*PING_URL='\*\*\*'/);

    const options = ['--store', 'postgres://batch:s3cr3t@db/shop', '--ping', 'https://hc-ping.com/s3cr3t'];
    const installed = user.schedule(...JOB, '--install', '--yes', ...options, '--', 'true');
    expect(readFileSync(file, 'utf8')).toBe(
      "export LIVINGLOCK_STORE='postgres://batch:s3cr3t@db/shop'\nexport LIVINGLOCK_PING_URL='https://hc-ping.com/s3cr3t'\n",
    );
    expect(readFileSync(user.crontab, 'utf8')).not.toContain('s3cr3t');
    for (const { output, errors } of [printed, installed]) expect(output + errors).not.toContain('s3cr3t');
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

  test.skipIf(!canMount || !existsSync('/etc/systemd/system'))(
    "is where root's jobs are, with a user, is listed, and goes again (as root on Linux, in mounts of its own)",
    () => {
      const user = new User();
      user.addProgram('systemctl', INACTIVE.replace('\n', '\necho "$@" >> calls; '));
      const script = `
        mount -t tmpfs none /etc/systemd/system || exit
        "$@" --every 2m --user-name daemon --install --yes -- true && cp /etc/systemd/system/* . &&
        "$@" --list && "$@" --uninstall --yes && ls /etc/systemd/system`;
      const command = [process.execPath, PROGRAM, 'schedule', '--name', 'parser', '--for', 'systemd'];
      const ended = user.start('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command]);
      expect(ended.code).toBe(0);
      const [, listed = '', removed] = ended.output.split(/^(?=NAME|This is what)/m).slice(-3);
      expect(listed).toMatch(/^parser +systemd +every 2m +- +\S*\/true$/m);
      expect(removed).toMatch(/\nparser is no longer scheduled by systemd\.\n$/);
      expect(readFileSync(join(user.folder, 'livinglock-parser.service'), 'utf8')).toMatch(/^User=daemon$/m);
      expect(existsSync(join(user.folder, 'livinglock-parser.timer'))).toBe(true);
      const calls = readFileSync(join(user.folder, 'calls'), 'utf8');
      expect(calls).toContain('enable --now livinglock-parser.timer\n');
      expect(calls).not.toContain('--user');
    },
  );

  test.skipIf(!canMount || !existsSync('/etc/systemd/system'))(
    'is pointed out if another scheduler has it already, and can be started at once (as root on Linux, in mounts of its own)',
    () => {
      const user = new User();
      user.addProgram('systemctl', INACTIVE);
      const script = `
        mount -t tmpfs none /etc/systemd/system || exit
        "$@" systemd --install --yes -- true && "$@" cron --install --yes -- true || exit
        "$@" systemd --system --user-name daemon --install -- true
        for user in "" "--user-name daemon"; do
          for scheduler in cron systemd; do "$@" $scheduler $user --uninstall; done
        done
        echo REMOVED >&2
        "$@" cron --uninstall --yes && "$@" cron --uninstall && "$@" systemd --user-name daemon --uninstall --yes`;
      const command = [process.execPath, PROGRAM, 'schedule', ...JOB.slice(0, -1)];
      const ended = user.start('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command]);
      expect(ended.output).toMatch(
        /^parser is scheduled: every 2m, by systemd\. Start it now: systemctl start --no-block livinglock-parser\.service$/m,
      );
      expect(ended.output).toMatch(/^parser is scheduled: every 2m, by cron\.$/m);
      const remark = (other: string, options: string) =>
        `livinglock: parser is also scheduled by ${other}. To remove that: livinglock schedule --uninstall --for ${other} --name parser${options}\n`;
      expect(ended.errors).toContain(remark('systemd', ''));
      const [before = '', after = ''] = ended.errors.split('REMOVED\n');
      const linesAbout = (errors: string) =>
        errors.split(/^(?=livinglock: )/m).filter((line) => line.includes('scheduled by'));
      expect(linesAbout(before)).toEqual([
        remark('systemd', ''),
        // Not installed: nobody agreed.
        ...[remark('cron', ' --user-name daemon'), remark('systemd', ''), remark('cron', '')],
        remark('systemd', ''),
        // The unit runs as root, so it is not the one of daemon.
        remark('cron', ' --user-name daemon').replace('also ', ''),
      ]);
      expect(linesAbout(after)).toEqual([remark('systemd', ''), remark('systemd', '').replace('also ', '')]);
    },
  );

  test.skipIf(!canMount || !existsSync('/etc/systemd/system'))(
    'is listed for the user who runs it, next to the crontab of that user (as root on Linux, in mounts of its own)',
    () => {
      const user = new User();
      user.addProgram('systemctl', INACTIVE);
      const script = `
        mount -t tmpfs none /etc/systemd/system || exit
        install() { name=$1; shift; "$@" --name $name --every 2m --install --yes -- true >> installed || exit; }
        install one "$@" --for systemd --user-name daemon && install two "$@" --for systemd
        install three "$@" --for cron --user-name daemon
        "$@" --list --user-name daemon --json && "$@" --list --user-name root --json`;
      const command = [process.execPath, PROGRAM, 'schedule'];
      const ended = user.start('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command]);
      const names = [...ended.output.matchAll(/"name": "(.*)"/g)].map(([, name]) => name);
      // The crontab of these tests is everybody's.
      expect(names).toEqual(['one', 'three', 'two', 'three']);
    },
  );

  test.skipIf(!canMount || !canBeNobody || !existsSync('/etc/systemd/system'))(
    'is pointed out to a user who looks for it (as root on Linux, to be another user, in mounts of its own)',
    () => {
      const user = new User();
      const script = `
        mount -t tmpfs none /etc/systemd/system || exit
        echo "Description=The job backup, run by livinglock" > /etc/systemd/system/livinglock-backup.service
        echo "Description=Starts the job backup every 2m" > /etc/systemd/system/livinglock-backup.timer
        chmod 755 /etc/systemd/system
        exec setpriv --reuid=${NOBODY} --clear-groups "$@" --name backup --uninstall`;
      const command = [process.execPath, PROGRAM, 'schedule'];
      const { output, errors } = user.start('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command]);
      expect(output).toBe('backup is not scheduled by livinglock here: nothing to change.\n');
      expect(errors).toBe(
        'livinglock: backup is scheduled by systemd. To remove that: sudo livinglock schedule --uninstall --for systemd --name backup\n',
      );
    },
  );

  test.skipIf(!canMount || !existsSync('/etc/systemd/system'))(
    'is removed for --user-name nowhere else, and without a scheduler that cannot be asked (as root on Linux, in mounts of its own)',
    () => {
      const user = new User();
      user.addProgram('systemctl', '#!/bin/sh\necho "Failed to connect to bus" >&2; exit 1\n');
      const script = `
        mount -t tmpfs none /etc/systemd/system || exit
        "$@" parser --for cron --every 2m --install --yes -- true || exit
        echo "Description=The job backup, run by livinglock" > /etc/systemd/system/livinglock-backup.service
        echo "Description=Starts the job backup every 2m" > /etc/systemd/system/livinglock-backup.timer
        "$@" parser --uninstall --yes; echo "parser: $?"
        "$@" backup --uninstall --yes; echo "backup: $?"
        "$@" backup --uninstall --yes --user-name daemon; echo "of daemon: $?"
        ls /etc/systemd/system`;
      const command = [process.execPath, PROGRAM, 'schedule', '--name'];
      const ended = user.start('unshare', ['--mount', 'sh', '-c', script, 'sh', ...command]);
      expect(ended.output).toMatch(/^parser is no longer scheduled by cron\.\nparser: 0\nbackup: 73\n/m);
      expect(ended.output).toMatch(
        /\nof daemon: \d+\nlivinglock-backup\.service\nlivinglock-backup\.timer\n$/,
      );
      expect(ended.errors).toMatch(/Failed to connect to bus/);
    },
  );

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
    expect({ code, errors }).toMatchObject({
      code: 64,
      errors: expect.stringContaining('Run this with sudo'),
    });
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
    ['less than a second', [...named, '--every', '500ms', '--', 'node'], 64, /shorter than a second/],
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
    [
      'two times',
      [...named, '--at', '03:00', '--at', '03:05', '--', 'node'],
      64,
      /one --at.*cron expression such as "0,30 3 \* \* \*"/,
    ],
    ['a list of times', [...named, '--at', '03:00,03:05', '--', 'node'], 64, /cron expression such as/],
    ['no such weekday', [...named, '--at', 'moonday 03:30', '--', 'node'], 64, /weekday "moonday"/],
    [
      'system units of cron',
      [...named, '--every', '2m', '--system', '--for', 'cron', '--', 'node'],
      64,
      /--system applies to/,
    ],
    [
      'a hardened crontab',
      [...named, '--every', '2m', '--harden', '--for', 'cron', '--', 'node'],
      64,
      /--harden applies to/,
    ],
    [
      'a user like an option',
      [...named, '--every', '2m', '--user-name=-r', '--for', 'cron', '--', 'node'],
      64,
      /user name/,
    ],
    ['a mistyped option', [...named, '--evry', '2m', '--', 'node'], 64, /Did you mean --every\?/],
    [
      'a folder that does not exist',
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

  test.skipIf(!isPosix)('a command that does not exist', () => {
    const { code, errors } = new User().schedule(...JOB, '--', 'there-is-no-such-command');
    expect(code).toBe(127);
    expect(errors).toMatch(/^livinglock: There is no command there-is-no-such-command\..*\n$/);
  });
});
