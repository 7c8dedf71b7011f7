import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolders } from '../../../src/system/files/make-folders.js';
import { temporaryFolder } from '../../../support/world.js';

describe('folders', () => {
  it('are made with all above them, with that mode', () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    makeFolders(folder, 0o700);
    makeFolders(folder, 0o700);
    expect(statSync(folder).isDirectory()).toBe(true);
    if (process.platform !== 'win32') expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('may be made by another process at the same time', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    makeFolders(folder, undefined, (each) => {
      if (existsSync(dirname(each)) && !existsSync(each)) mkdirSync(each);
      mkdirSync(each);
    });
    expect(existsSync(folder)).toBe(true);
  });

  it('that cannot be made are not tried forever', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    let tries = 0;
    const make = () => {
      tries += 1;
      throw Object.assign(new Error('made up'), { code: 'ENOENT' });
    };
    expect(() => makeFolders(folder, undefined, make)).toThrow('made up');
    expect(tries).toBeLessThan(10 + folder.split('/').length);
  });
});
