import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMount, isPosix } from '../support/machine.js';
import { PROGRAM } from './support/desk.js';
import { JOB, User } from './support/schedule-user.js';

/** A variable, bytes that are not UTF-8, different line breaks, and none at the end. */
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

describe.skipIf(!isPosix)('a job of cron', () => {
  test('is installed and removed without a change to the lines of others', () => {
    const user = new User();
    writeFileSync(user.crontab, OTHERS);

    const first = user.schedule(...JOB, '--install', '--yes', '--', 'true');
    expect(first).toMatchObject({ code: 0, errors: '' });
    expect(first.output).toMatch(/^\+ \*\/2 \* \* \* \* cd .* run .* parser -- \S*\/true$/m);
    expect(first.output).toMatch(/^parser is scheduled: every 2m, by cron\.$/m);
    const installed = readFileSync(user.crontab);
    expect(installed.subarray(0, OTHERS.length)).toEqual(OTHERS);

    const second = user.schedule(...JOB, '--install', '--yes', '--', 'true');
    expect(second.output).toBe('parser is already scheduled like this: nothing to change.\n');
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

  test('is uninstalled whichever scheduler has it', () => {
    const user = new User();
    expect(user.schedule(...JOB, '--install', '--yes', '--', 'true').code).toBe(0);
    const removal = user.schedule('--name', 'parser', '--uninstall', '--yes');
    expect(removal).toMatchObject({ code: 0, errors: '' });
    expect(removal.output).toMatch(/^parser is no longer scheduled by cron\.$/m);
    expect(existsSync(user.crontab)).toBe(false);
    expect(user.schedule('--name', 'parser', '--uninstall')).toEqual({
      code: 0,
      output: 'parser is not scheduled by livinglock here: nothing to change.\n',
      errors: '',
    });
  });

  test('leaves no crontab for a user who had none', () => {
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

  test.each([['LIVINGLOCK_DIR'], ['LIVINGLOCK_HISTORY']])(
    'is in the history of the user who scheduled it, whose %s the scheduler does not know',
    (variable) => {
      const user = new User();
      user.env[variable] = join(user.folder, 'ours');
      user.schedule(
        ...JOB,
        '--install',
        '--yes',
        '--notify',
        'echo "$LIVINGLOCK_EVENT_LOCK" > told',
        '--',
        'false',
      );
      const line = readFileSync(user.crontab, 'utf8').split('\n')[1] ?? '';
      const command = line.split(' ').slice(5).join(' ');
      const env = { HOME: '/', PATH: '/usr/bin:/bin' };
      expect(spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' })).toMatchObject({
        status: 1,
        stderr: '',
      });
      expect(user.start(process.execPath, [PROGRAM, 'history']).output).toMatch(/^parser .* failed +1$/m);
      expect(user.start(process.execPath, [PROGRAM, 'check']).output).toMatch(/^CRITICAL: parser: /);
      expect(readFileSync(join(user.folder, 'told'), 'utf8')).toBe('parser\n');
    },
  );

  test('keeps its output in a folder that is made for it, and where livinglock logs finds it', () => {
    const user = new User();
    const logs = join(user.folder, 'locks', `history-${process.geteuid?.()}`, 'logs');
    expect(user.schedule(...JOB, '--', 'echo', 'done').output).toContain(' --log parser -- ');
    expect(existsSync(logs)).toBe(false);
    const { output } = user.schedule(...JOB, '--install', '--yes', '--', 'echo', 'done');
    expect(output).toContain(`${logs}\n+ a folder for the output of the last runs\n`);
    expect(statSync(logs).mode & 0o777).toBe(0o700);
    expect(user.schedule(...JOB, '--install', '--yes', '--', 'echo', 'done').output).toContain(
      'nothing to change',
    );

    const line = readFileSync(user.crontab, 'utf8').split('\n')[1] ?? '';
    const env = { HOME: '/', PATH: '/usr/bin:/bin' };
    const command = line.split(' ').slice(5).join(' ');
    expect(spawnSync('/bin/sh', ['-c', command], { env, encoding: 'utf8' }).stdout).toBe('done\n');
    expect(user.start(process.execPath, [PROGRAM, 'logs', 'parser']).output).toBe('done\n');
  });

  test('keeps its output elsewhere, or not at all, if an option says so', () => {
    const user = new User();
    const output = (...options: string[]) => user.schedule(...JOB, ...options, '--', 'true').output;
    expect(output('--log=kept/')).toContain(' --log=kept/ ');
    expect(output('--no-log')).toContain(' --no-log ');
    expect(output('--keep-logs', '5')).toContain(' --keep-logs=5 --log ');
    expect(output('--for', 'systemd')).not.toContain('--log');
    expect(output('--for', 'systemd', '--keep-logs', '5')).toContain(' --log ');
    user.schedule(...JOB, '--log=kept/', '--install', '--yes', '--', 'true');
    expect(existsSync(join(user.folder, 'kept'))).toBe(true);
  });

  test('is silent and succeeds when a run is skipped, but still shows errors', () => {
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
      missing: [],
    });
    expect(JSON.parse(user.schedule('--list', '--json', '--for', 'cron', '--name', 'other').output)).toEqual(
      [],
    );
  });

  test('is marked in the list if Node has moved since, until it is installed again', () => {
    const user = new User();
    const install = () => user.schedule(...JOB, '--install', '--yes', '--', 'true');
    install();
    const installed = readFileSync(user.crontab, 'utf8');
    writeFileSync(user.crontab, installed.replace(` ${process.execPath} `, ' /opt/v1/node '));

    const { code, output, errors } = user.schedule('--list', '--for', 'cron');
    expect(code).toBe(0);
    expect(output).toMatch(/ MISSING +COMMAND\nparser .* \/opt\/v1\/node +\S*\/true\n$/);
    expect(errors).toMatch(/^livinglock: parser cannot start: .* Install again, .*\n$/);
    const json = user.schedule('--list', '--for', 'cron', '--json');
    expect(JSON.parse(json.output)).toMatchObject([{ name: 'parser', missing: ['/opt/v1/node'] }]);
    expect(json.errors).toBe('');

    install();
    expect(readFileSync(user.crontab, 'utf8')).toBe(installed);
    expect(user.schedule('--list', '--for', 'cron').errors).toBe('');
  });

  test('is not installed unless someone agrees', () => {
    const user = new User();
    const { code, output, errors } = user.schedule(...JOB, '--install', '--', 'true');
    expect(code).toBe(64);
    expect(output).toMatch(/^\+ \*\/2 /m);
    expect(errors).toBe(
      'livinglock: Nothing was changed: stdin is not a terminal. Confirm in advance with --yes.\n',
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
      expect(output).toContain('Continue? [y/N]');
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
