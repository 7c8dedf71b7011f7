import { describe, expect, it } from 'vitest';
import { ownFolder } from '../../../src/cli/named-locks/named-locks.js';
import { FakeSurroundings } from './fake-surroundings.js';

const ALICE = 1000;
const MALLORY = 6666;
const STRANGER = 54321;
const FALLBACK = '/run/lock/livinglock-54321';

describe.skipIf(process.platform === 'win32')('the folder of named locks', () => {
  it('is created for its user alone, and so are its parents', () => {
    const user = new FakeSurroundings(ALICE, '/home/alice');
    const path = ownFolder(true, user);
    for (const each of ['/home/alice/.local', '/home/alice/.local/state', path])
      expect(user.files.get(each)).toEqual({ kind: 'folder', uid: ALICE, mode: 0o700 });
    expect(ownFolder(true, user)).toBe(path);
  });

  it('is not created just to read locks', () => {
    const user = new FakeSurroundings(STRANGER, null);
    ownFolder(false, user);
    expect(user.files.has(FALLBACK)).toBe(false);
  });

  it.each<[string, RegExp, (user: FakeSurroundings, path: string) => void]>([
    [
      'belongs to another user',
      /belongs to another user \(UID 6666\)/,
      (user, path) => user.folder(path, MALLORY, 0o777),
    ],
    ['belongs to root', /belongs to another user \(UID 0\)/, (user, path) => user.folder(path, 0, 0o755)],
    ["is another user's symbolic link", /is a symbolic link/, (user, path) => user.link(path, MALLORY)],
    ["is the user's own symbolic link", /is a symbolic link/, (user, path) => user.link(path, user.uid)],
    [
      'is a file',
      /is not a folder/,
      (user, path) => user.files.set(path, { kind: 'other', uid: user.uid, mode: 0o600 }),
    ],
    [
      'is open to a group',
      /other users may write to .*0770/,
      (user, path) => user.folder(path, user.uid, 0o770),
    ],
    [
      'is open to all',
      /other users may write to .*1777/,
      (user, path) => user.folder(path, user.uid, 0o1777),
    ],
  ])('is refused, and nothing is created, if it %s', (_what, message, change) => {
    const inHome = new FakeSurroundings(ALICE, '/home/alice');
    const path = ownFolder(true, inHome);
    const cases: readonly (readonly [FakeSurroundings, string])[] = [
      [new FakeSurroundings(STRANGER, null), FALLBACK],
      [new FakeSurroundings(0, '/root'), '/run/livinglock'],
      [inHome, path],
      [inHome, '/home/alice/.local/state/livinglock'],
    ];
    for (const [user, place] of cases) {
      if (user.uid === 0 && /UID 0/.test(message.source)) continue;
      change(user, place);
      const before = new Map(user.files);
      expect(() => ownFolder(true, user)).toThrow(message);
      expect(() => ownFolder(false, user)).toThrow(message);
      expect(() => ownFolder(false, user)).toThrow(/Cannot keep locks in .*LIVINGLOCK_DIR/);
      expect(user.files).toEqual(before);
      user.folder(place, user.uid, 0o700);
    }
  });

  it('is refused if another user creates one at the last moment', () => {
    const user = new FakeSurroundings(STRANGER, null);
    user.beforeMkdir = (path) => user.folder(path, MALLORY, 0o777);
    expect(() => ownFolder(true, user)).toThrow(/belongs to another user/);
  });

  it('is used if another run of the user creates it at the last moment', () => {
    const user = new FakeSurroundings(STRANGER, null);
    user.beforeMkdir = (path) => user.folder(path, STRANGER, 0o700);
    expect(ownFolder(true, user)).toBe(FALLBACK);
  });

  it.each<[string, RegExp, (user: FakeSurroundings) => void]>([
    [
      'belongs to another user',
      /\.local belongs to/,
      (user) => user.folder('/home/alice/.local', MALLORY, 0o755),
    ],
    [
      'everyone may write to',
      /\.local .*chmod o-w/,
      (user) => user.folder('/home/alice/.local', ALICE, 0o777),
    ],
    [
      'is a home that everyone may write to',
      /to \/home\/alice \(mode 0777/,
      (user) => user.folder('/home/alice', ALICE, 0o777),
    ],
  ])('is refused if a folder above it %s', (_what, message, change) => {
    const user = new FakeSurroundings(ALICE, '/home/alice');
    change(user);
    expect(() => ownFolder(true, user)).toThrow(message);
  });

  it('may be reached by a link of the user, and through folders that the group of a user may write to', () => {
    const user = new FakeSurroundings(ALICE, '/home/alice');
    user.link('/home/alice/.local', ALICE);
    user.folder('/home/alice/.local/state', ALICE, 0o775);
    expect(() => ownFolder(true, user)).not.toThrow();
  });

  it('is refused if the shared folder has an owner who could replace it', () => {
    const user = new FakeSurroundings(STRANGER, null);
    user.folder('/run/lock', MALLORY, 0o1777);
    expect(() => ownFolder(true, user)).toThrow(/\/run\/lock belongs to another user/);
  });
});
