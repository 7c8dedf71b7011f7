import { existsSync, type MakeDirectoryOptions, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { makeFolders } from '../../src/system/make-folders.js';
import { temporaryFolder } from '../../support/world.js';

/** What happens right before a folder is made. */
let before: (folder: string) => void;

vi.mock(import('node:fs'), async (load) => {
  const fs = await load();
  const mkdirSync = (folder: string, options: MakeDirectoryOptions) => {
    before(folder);
    return fs.mkdirSync(folder, options);
  };
  return { ...fs, mkdirSync: Object.assign(mkdirSync) };
});

beforeEach(() => {
  before = () => {};
});

describe('folders', () => {
  it('are made with all above them, with that mode', () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    makeFolders(folder, 0o700);
    makeFolders(folder, 0o700);
    expect(statSync(folder).isDirectory()).toBe(true);
    if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('may be made by another process at the same time', async () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    const { mkdirSync } = await vi.importActual<typeof import('node:fs')>('node:fs');
    before = (made) => {
      if (existsSync(join(made, '..')) && !existsSync(made)) mkdirSync(made);
    };
    makeFolders(folder);
    expect(existsSync(folder)).toBe(true);
  });

  it('that cannot be made are not tried for ever', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    const made: string[] = [];
    before = (each) => {
      made.push(each);
      if (made.length > 10) throw new Error('for ever');
      throw Object.assign(new Error('ENOENT: made up'), { code: 'ENOENT' });
    };
    expect(() => makeFolders(folder)).toThrow(/ENOENT|for ever/);
  });
});
