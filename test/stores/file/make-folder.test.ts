import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { makeFolder } from '../../../src/stores/file/make-folder.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../../support/world.js';

describe('the folder of a lock', () => {
  it('is made with all above it, and then was there already', () => {
    const folder = join(temporaryFolder(), 'a', 'b', 'c');
    expect(makeFolder(systemFileSystem, folder)).toBe(true);
    expect(makeFolder(systemFileSystem, folder)).toBe(false);
  });

  it('may be made by another process at the same time', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    const isFirst = fileSystemWith({
      mkdirSync(path) {
        systemFileSystem.mkdirSync(path);
        throw systemError('EEXIST', 'mkdir');
      },
    });
    expect(makeFolder(isFirst, folder)).toBe(false);
    expect(existsSync(folder)).toBe(true);
  });

  it('cannot be one that the system refuses', () => {
    const refusing = fileSystemWith({
      mkdirSync(path) {
        if (path.endsWith('b')) throw systemError(existsSync(join(path, '..')) ? 'EROFS' : 'ENOENT', 'mkdir');
        systemFileSystem.mkdirSync(path);
      },
    });
    expect(() => makeFolder(refusing, join(temporaryFolder(), 'a', 'b'))).toThrow(/EROFS/);
  });

  it.skipIf(process.platform === 'win32')('cannot be a dangling symbolic link', () => {
    const folder = temporaryFolder();
    symlinkSync(join(folder, 'nothing'), join(folder, 'link'));
    expect(() => makeFolder(systemFileSystem, join(folder, 'link'))).toThrow(/dangling symbolic link/);
    symlinkSync(folder, join(folder, 'loop'));
    expect(makeFolder(systemFileSystem, join(folder, 'loop'))).toBe(false);
  });
});
