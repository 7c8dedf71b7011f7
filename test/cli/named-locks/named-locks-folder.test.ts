import { describe, expect, it } from 'vitest';
import { namedLocksFolder } from '../../../src/cli/named-locks/named-locks.js';
import { FakeSurroundings, failure } from './fake-surroundings.js';

const ALICE = 1000;
const BOB = 1001;
const STRANGER = 54321;
const IN_HOME = /^\/home\/alice\/\.local\/state\/livinglock\/[0-9a-f]{16}$/;

describe.skipIf(process.platform === 'win32')('named locks are stored', () => {
  it("for root in the system's own folder", () => {
    const root = new FakeSurroundings(0, '/root');
    expect(folderOf(root)).toBe('/run/livinglock');
    root.platform = 'freebsd';
    expect(folderOf(root)).toBe('/var/run/livinglock');
  });

  it('for others in their home folder, in a folder of this machine', () => {
    expect(folderOf(alice())).toMatch(IN_HOME);
  });

  it('only in a folder that is the same from everywhere', () => {
    const user = alice();
    user.environment['LIVINGLOCK_DIR'] = '$HOME/locks';
    expect(() => namedLocksFolder(user)).toThrow(
      'LIVINGLOCK_DIR is $HOME/locks, which is not a full path. cron expands neither ~ nor $HOME in it. Set LIVINGLOCK_DIR to',
    );
  });

  it('on macOS in the library of any user, including root', () => {
    const user = new FakeSurroundings(501, '/home/alice');
    user.platform = 'darwin';
    expect(folderOf(user)).toMatch(/^\/home\/alice\/Library\/Application Support\/livinglock\/[0-9a-f]{16}$/);
    const root = new FakeSurroundings(0, '/var/root');
    root.folder('/var/root', 0, 0o750);
    root.platform = 'darwin';
    expect(folderOf(root)).toMatch(/^\/var\/root\/Library\/Application Support\/livinglock\/[0-9a-f]{16}$/);
  });

  it.each([
    ['without an entry in the user database', null],
    ['whose home is /', '/'],
    ['whose home is missing', '/home/batch'],
    ['whose home cannot be', '/dev/null/home'],
    ['whose home has no full path', 'home'],
    ['whose home has no path', ''],
  ])('for a user %s in the shared folder', (_what, home) => {
    const user = new FakeSurroundings(STRANGER, home);
    user.files.delete('/home/batch');
    expect(folderOf(user)).toBe('/run/lock/livinglock-54321');
  });

  it.each([
    ['belongs to another', 0, 0o755],
    ['is read-only by its mode', ALICE, 0o555],
  ])('for a user whose home %s in the shared folder', (_what, owner, mode) => {
    const user = alice();
    user.folder('/home/alice', owner, mode);
    expect(folderOf(user)).toBe('/run/lock/livinglock-1000');
  });

  it('in the first folder that is open to all', () => {
    const user = new FakeSurroundings(STRANGER, null);
    user.folder('/run/lock', 0, 0o755);
    expect(folderOf(user)).toBe('/var/tmp/livinglock-54321');
    user.folder('/var/tmp', 0, 0o777);
    expect(folderOf(user)).toBe('/tmp/livinglock-54321');
    user.files.delete('/tmp');
    expect(() => folderOf(user)).toThrow(/UID 54321 has no home folder.*\/run\/lock.*LIVINGLOCK_DIR/);
  });

  it('where $LIVINGLOCK_DIR says, before anything else', () => {
    const user = new FakeSurroundings(0, null);
    user.environment['LIVINGLOCK_DIR'] = '/srv/locks/';
    expect(namedLocksFolder(user)).toEqual({ path: '/srv/locks', steps: [] });
  });

  it('on Windows as the environment says', () => {
    const user = new FakeSurroundings(0, '/Users/me');
    user.platform = 'win32';
    expect(folderOf(user)).toBe('/Users/me/AppData/Local/livinglock');
    user.environment['LOCALAPPDATA'] = '/Local';
    expect(folderOf(user)).toBe('/Local/livinglock');
  });
});

describe.skipIf(process.platform === 'win32')('the folder of this machine', () => {
  it('stays when the host name changes', () => {
    const user = alice();
    const before = folderOf(user);
    user.hostName = 'laptop.office.lan';
    expect(folderOf(user)).toBe(before);
  });

  it('differs on another machine, and does not reveal the id', () => {
    const user = alice();
    const before = folderOf(user);
    expect(before).not.toContain('b08dfa60');
    user.contents.set('/etc/machine-id', 'c08dfa6083e7567a1921a715000001fb\n');
    expect(folderOf(user)).not.toBe(before);
  });

  it.each(['', 'uninitialized\n', `${'0'.repeat(32)}\n`, 'b08dfa60\n', null])(
    "depends on D-Bus's id, then on the host name, if machine-id contains %j",
    (content) => {
      const user = alice();
      const before = folderOf(user);
      if (content === null) user.contents.delete('/etc/machine-id');
      else user.contents.set('/etc/machine-id', content);
      user.contents.set('/var/lib/dbus/machine-id', 'B08DFA6083E7567A1921A715000001FB');
      expect(folderOf(user)).toBe(before);
      user.contents.delete('/var/lib/dbus/machine-id');
      const byName = folderOf(user);
      expect(byName).toMatch(IN_HOME);
      user.hostName = '../../../../etc';
      expect(folderOf(user)).toMatch(IN_HOME);
      expect(folderOf(user)).not.toBe(byName);
    },
  );

  it('is not guessed if the id cannot be read', () => {
    const user = alice();
    user.read = (path) => {
      throw failure('EACCES', path);
    };
    expect(() => folderOf(user)).toThrow(/EACCES: \/etc\/machine-id.*LIVINGLOCK_DIR/);
  });

  it('depends on the hardware on macOS, then on the host name', () => {
    const user = alice();
    user.platform = 'darwin';
    const before = folderOf(user);
    user.hostName = 'laptop.office.lan';
    expect(folderOf(user)).toBe(before);
    user.ioreg = null;
    const byName = folderOf(user);
    expect(byName).not.toBe(before);
    user.ioreg = 'nothing known';
    expect(folderOf(user)).toBe(byName);
  });
});

describe.skipIf(process.platform === 'win32')('no other folder is taken where', () => {
  it.each<[string, RegExp, (user: FakeSurroundings) => void]>([
    ['ProtectHome=yes closes /home', /\/home is closed.*ProtectHome/, (user) => user.folder('/home', 0, 0)],
    ['the home itself is closed', /\/home\/alice is closed/, (user) => user.folder('/home/alice', 0, 0)],
    [
      'ProtectHome=tmpfs empties /home',
      /\/home is a tmpfs.*ProtectHome/,
      (user) => {
        user.files.delete('/home/alice');
        user.tmpfs('/home');
      },
    ],
    [
      'ProtectHome=tmpfs leaves a folder in the home',
      /\/home\/alice is a tmpfs/,
      (user) => {
        user.folder('/home/alice', 0, 0o755);
        user.tmpfs('/home/alice');
      },
    ],
    [
      'the home is mounted on demand',
      /\/home is mounted on demand/,
      (user) => {
        user.files.delete('/home/alice');
        user.types.set('/home', 0x0187);
      },
    ],
    [
      'access is denied in spite of the mode',
      /access to what is in \/home is denied/,
      (user) => {
        const stat = user.stat.bind(user);
        user.stat = (path) => {
          if (path === '/home/alice') throw failure('EACCES', path);
          return stat(path);
        };
      },
    ],
    [
      'the disk of the home fails',
      /EIO/,
      (user) => {
        user.stat = (path) => {
          throw failure('EIO', path);
        };
      },
    ],
  ])('%s', (_what, message, change) => {
    const user = alice();
    change(user);
    expect(() => folderOf(user)).toThrow(message);
    expect(() => folderOf(user)).toThrow(/LIVINGLOCK_DIR/);
  });

  it('PrivateTmp=yes gives a unit its own /var/tmp', () => {
    const user = new FakeSurroundings(STRANGER, null);
    user.folder('/run/lock', 0, 0o755);
    user.contents.set(
      '/proc/self/mountinfo',
      '25 1 254:1 / / rw - ext4 /dev/vda1 rw\n' +
        '90 25 254:1 /var/tmp/systemd-private-4f3a-batch.service-Xk2/tmp /var/tmp rw shared:9 - ext4 /dev/vda1 rw\n',
    );
    expect(() => folderOf(user)).toThrow(/\/var\/tmp is private here.*PrivateTmp/);
    user.folder('/run/lock', 0, 0o1777);
    expect(folderOf(user)).toBe('/run/lock/livinglock-54321');
  });

  it('/run/lock is closed to this unit', () => {
    const user = new FakeSurroundings(STRANGER, null);
    user.folder('/run/lock', 0, 0);
    expect(() => folderOf(user)).toThrow(/\/run\/lock is closed here/);
  });
});

describe.skipIf(process.platform === 'win32')('a home that no process of its user can see', () => {
  it('behind a closed folder of another user does not count', () => {
    const user = new FakeSurroundings(BOB, '/root/bob');
    user.folder('/root', 0, 0o700);
    expect(folderOf(user)).toBe('/run/lock/livinglock-1001');
  });

  it('in /run, which is always a tmpfs, does not count', () => {
    const user = new FakeSurroundings(BOB, '/run/sshd');
    user.tmpfs('/run');
    expect(folderOf(user)).toBe('/run/lock/livinglock-1001');
  });
});

function alice(): FakeSurroundings {
  return new FakeSurroundings(ALICE, '/home/alice');
}

function folderOf(system: FakeSurroundings): string {
  return namedLocksFolder(system).path;
}
