import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { oneLineWith } from './support/desk.js';
import { ALICE, canBePrivate, DAEMON, MALLORY, PrivateMachine, STRANGER } from './support/private-machine.js';

// Where named locks are stored, with real users on a machine whose folders and host name are the test's own.

const OBEDIENT = ['sh', '-c', 'echo at work; read -r answer; exit $answer'];
const LOCKS_OF_STRANGER = `/run/lock/livinglock-${STRANGER}`;

describe.skipIf(!canBePrivate)('a job that is run by name (as root on Linux)', () => {
  test('keeps its lock when the host name changes, and finds it from everywhere', async () => {
    const machine = await PrivateMachine.start();
    const first = machine.start(['run', 'backup', '--', ...OBEDIENT], { uid: ALICE });
    await first.prints(/at work/);
    await machine.root('hostname laptop.office.lan');
    const terminal = {
      HOME: '/var/tmp',
      TMPDIR: '/var/tmp',
      XDG_STATE_HOME: '/var/tmp',
      XDG_RUNTIME_DIR: '/var/tmp',
    };
    for (const env of [{}, terminal]) {
      const life = { uid: ALICE, env };
      expect(await machine.run(['run', 'backup', '--', 'echo', 'beside'], life)).toMatchObject({
        code: 75,
        stdout: '',
      });
      expect(await machine.run(['status'], life)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^backup +live/m),
      });
      expect(await machine.run(['status', 'backup'], life)).toMatchObject({ code: 0 });
      expect(await machine.run(['wait', '--timeout', '0', 'backup'], life)).toMatchObject({ code: 75 });
      expect(await machine.run(['break', 'backup'], life)).toMatchObject({ code: 75 });
    }
    expect(readdirSync(machine.path('/run/homes/alice/.local/state/livinglock'))).toHaveLength(1);
    first.write('0\n');
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  test('of root keeps its lock where no other user can get in first', async () => {
    const machine = await PrivateMachine.start();
    await machine.root(`mkdir -m 777 /run/lock/livinglock-0; chown ${MALLORY} /run/lock/livinglock-0`);
    const list = ['sh', '-c', 'ls /run/livinglock | grep -v -e guard -e life'];
    expect(await machine.run(['run', 'backup', '--', ...list], { uid: 0 })).toMatchObject({
      code: 0,
      stdout: 'backup.lock\n',
      stderr: '',
    });
    expect(await machine.run(['status'], { uid: 0 })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^backup +free +-.*\n\nbackup, last: succeeded /m),
    });
  });

  test.each([STRANGER, DAEMON])('runs without a home folder, as user %i', async (uid) => {
    const machine = await PrivateMachine.start();
    const life = { uid, env: { HOME: '/run/homes/alice' } };
    const first = machine.start(['run', 'backup', '--', ...OBEDIENT], life);
    await first.prints(/at work/);
    const folder = machine.path(`/run/lock/livinglock-${uid}`);
    expect(JSON.parse(readFileSync(`${folder}/backup.lock`, 'utf8'))).toMatchObject({
      user: uid === DAEMON ? 'daemon-of-test' : String(uid),
    });
    expect(await machine.run(['run', 'backup', '--', 'true'], { uid })).toMatchObject({ code: 75 });
    expect(await machine.run(['status'], { uid })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^backup +live/m),
    });
    first.write('0\n');
    expect(await first.ended).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(folder)).toEqual(['history']);
    expect(readdirSync(`${folder}/history`)).toEqual([expect.stringMatching(/^backup-\w+\.jsonl$/)]);
  });
});

describe.skipIf(!canBePrivate)('a user who is not in the user database (as root on Linux)', () => {
  test('can run with a path, and schedule', async () => {
    const machine = await PrivateMachine.start();
    const life = { uid: STRANGER };
    const path = '/var/tmp/backup.lock';
    expect(await machine.run(['run', path, '--', 'id', '-u'], life)).toMatchObject({
      code: 0,
      stdout: `${STRANGER}\n`,
      stderr: '',
    });
    expect(await machine.run(['status', path], life)).toMatchObject({ code: 1, stderr: '' });
    const job = ['schedule', '--every', '10m', '--name', 'x'];
    for (const scheduler of ['cron', 'systemd'])
      expect(await machine.run([...job, '--for', scheduler, '--', 'true'], life)).toMatchObject({ code: 0 });
    expect(await machine.run([...job, '--for', 'launchd', '--', 'true'], life)).toMatchObject({
      code: 64,
      stderr: oneLineWith('no home folder'),
    });
    expect(existsSync(machine.path(LOCKS_OF_STRANGER))).toBe(false);
  });
});

describe.skipIf(!canBePrivate)('the folder of named locks is refused (as root on Linux)', () => {
  test.each([
    {
      what: "is another user's",
      made: `mkdir -m 777 ${LOCKS_OF_STRANGER}; chown ${MALLORY} ${LOCKS_OF_STRANGER}`,
      says: `belongs to another user (UID ${MALLORY})`,
    },
    {
      what: 'is a link',
      made: `mkdir /run/target; chown ${STRANGER} /run/target; ln -s /run/target ${LOCKS_OF_STRANGER}; chown -h ${STRANGER} ${LOCKS_OF_STRANGER}`,
      says: 'is a symbolic link',
    },
    {
      what: 'is open to a group',
      made: `mkdir -m 770 ${LOCKS_OF_STRANGER}; chown ${STRANGER}:${MALLORY} ${LOCKS_OF_STRANGER}`,
      says: 'other users may write to',
    },
    { what: 'is a file', made: `: > ${LOCKS_OF_STRANGER}`, says: 'is not a folder' },
  ])('if it $what', async ({ made, says }) => {
    const machine = await PrivateMachine.start();
    await machine.root(made);
    const there = 'find /run/lock /run/homes /run/target /var/tmp 2>/dev/null || true';
    const before = await machine.root(there);
    for (const args of [
      ['run', 'job', '--', 'echo', 'never'],
      ['status'],
      ['status', 'job'],
      ['wait', 'job'],
      ['break', '--force', 'job'],
    ]) {
      const ended = await machine.run(args, { uid: STRANGER });
      expect(ended).toMatchObject({ code: 73, stdout: '', stderr: oneLineWith(says) });
      expect(ended.stderr).toContain(LOCKS_OF_STRANGER);
      expect(ended.stderr).toContain('LIVINGLOCK_DIR');
    }
    expect(await machine.root(there)).toBe(before);
  });
});

describe.skipIf(!canBePrivate)('in a unit of systemd (as root on Linux)', () => {
  test.each([
    {
      option: 'ProtectHome=yes',
      sandbox: 'mkdir -m 0 /run/inaccessible; mount --bind /run/inaccessible /run/homes',
      says: /\/run\/homes is closed.*ProtectHome=yes/,
    },
    {
      option: 'ProtectHome=read-only',
      sandbox: 'mount --bind /run/homes /run/homes; mount -o remount,bind,ro /run/homes',
      says: /EROFS/,
    },
  ])('with $option a run by name fails, and takes no other folder', async ({ sandbox, says }) => {
    const machine = await PrivateMachine.start();
    const ended = await machine.run(['run', 'job', '--', 'echo', 'never'], { uid: ALICE, sandbox });
    expect(ended).toMatchObject({ code: 73, stdout: '', stderr: oneLineWith(says) });
    expect(ended.stderr).toContain('LIVINGLOCK_DIR');
    expect(readdirSync(machine.path('/run/lock'))).toEqual([]);
    expect(readdirSync(machine.path('/var/tmp'))).toEqual([]);
  });

  test('with PrivateTmp=yes a run by name fails where only /var/tmp is open to all', async () => {
    const machine = await PrivateMachine.start();
    await machine.root('chmod 755 /run/lock');
    const folder = '/var/tmp/systemd-private-4f3a-batch.service-Xk2';
    const sandbox = `mkdir -m 700 ${folder}; mkdir -m 1777 ${folder}/tmp; mount --bind ${folder}/tmp /var/tmp`;
    const life = { uid: STRANGER };
    expect(await machine.run(['run', 'job', '--', 'true'], life)).toMatchObject({ code: 0 });
    expect(await machine.run(['run', 'job', '--', 'echo', 'never'], { ...life, sandbox })).toMatchObject({
      code: 73,
      stdout: '',
      stderr: oneLineWith(/\/var\/tmp is private here.*PrivateTmp=yes/),
    });
  });
});
