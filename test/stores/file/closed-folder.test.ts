import fs, { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isClosedToOthers } from '../../../src/stores/file/closed-folder.js';
import { replace } from '../../../support/replace.js';
import { temporaryFolder } from '../../../support/world.js';

afterEach(() => void vi.restoreAllMocks());

describe.skipIf(process.platform === 'win32')('a folder', () => {
  /** New ones each time, because answers about folders are remembered. */
  function folders(outer: number, inner = 0o755): string {
    const folder = temporaryFolder();
    const sub = join(folder, 'sub');
    mkdirSync(sub);
    chmodSync(sub, inner);
    chmodSync(folder, outer);
    return sub;
  }

  it.each([
    { outer: 0o755, inner: 0o755, isClosed: true },
    { outer: 0o755, inner: 0o700, isClosed: true },
    { outer: 0o755, inner: 0o775, isClosed: false },
    { outer: 0o755, inner: 0o757, isClosed: false },
    { outer: 0o755, inner: 0o1777, isClosed: true },
    { outer: 0o777, inner: 0o755, isClosed: false },
    { outer: 0o775, inner: 0o700, isClosed: false },
    { outer: 0o1777, inner: 0o755, isClosed: true },
  ])(
    'with mode $inner in one with mode $outer is closed to others: $isClosed',
    ({ outer, inner, isClosed }) => {
      const folder = folders(outer, inner);
      expect(isClosedToOthers(folder)).toBe(isClosed);
      // Once more, from what it remembers.
      expect(isClosedToOthers(folder)).toBe(isClosed);
    },
  );

  it('far below an open one is not closed', () => {
    const folder = join(folders(0o777), 'a', 'b');
    mkdirSync(folder, { recursive: true });
    expect(isClosedToOthers(folder)).toBe(false);
  });

  it('that is missing, or a link, or cannot be looked at, is not closed', () => {
    const folder = folders(0o755);
    expect(isClosedToOthers(join(folder, 'none'))).toBe(false);
    symlinkSync(folder, join(folder, 'link'));
    expect(isClosedToOthers(join(folder, 'link'))).toBe(false);
    const failing: object = {
      lstatSync() {
        throw new Error('EACCES');
      },
    };
    replace(fs, failing);
    expect(isClosedToOthers(folder)).toBe(false);
  });

  it('of root or of this user is closed, and that of another user is not', () => {
    const { lstatSync } = fs;
    let owner = 0;
    const changes: object = {
      lstatSync: (path: string) => Object.assign(lstatSync(path), { uid: path.endsWith('/sub') ? owner : 0 }),
    };
    replace(fs, changes);
    expect(isClosedToOthers(folders(0o755))).toBe(true);
    owner = 4711;
    expect(isClosedToOthers(folders(0o755))).toBe(false);
    vi.spyOn(process, 'geteuid').mockReturnValue(4711);
    expect(isClosedToOthers(folders(0o755))).toBe(true);
  });

  it('is looked at again after a second', () => {
    // A whole number: a second added to a fraction may be rounded to less than a second.
    let now = Math.ceil(performance.now());
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const folder = folders(0o755);
    expect(isClosedToOthers(folder)).toBe(true);
    chmodSync(folder, 0o777);
    now += 999;
    expect(isClosedToOthers(folder)).toBe(true);
    now += 1;
    expect(isClosedToOthers(folder)).toBe(false);
  });

  it('is not taken for the one that was looked at before', () => {
    expect(isClosedToOthers(folders(0o755))).toBe(true);
    expect(isClosedToOthers(folders(0o755, 0o777))).toBe(false);
  });
});
