import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
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

  it('may have all above it already', () => {
    expect(makeFolder(systemFileSystem, join(temporaryFolder(), 'a'))).toBe(true);
  });

  it('cannot be one in which the system refuses to make anything', () => {
    const refusing = fileSystemWith({
      mkdirSync() {
        throw systemError('EACCES', 'mkdir');
      },
    });
    expect(() => makeFolder(refusing, join(temporaryFolder(), 'a'))).toThrow(/EACCES/);
  });

  it('is not looked for forever where there is not even a root', () => {
    const nothing = fileSystemWith({
      mkdirSync() {
        throw systemError('ENOENT', 'mkdir');
      },
    });
    expect(() => makeFolder(nothing, join(temporaryFolder(), 'a'))).toThrow(/ENOENT/);
  });

  it.each<[what: string, changes: Partial<FileSystem>]>([
    ['is gone by now', { lstatSync: () => undefined }],
    [
      'is a real one, removed right after it was looked at',
      {
        statfsSync() {
          throw systemError('ENOENT', 'statfs');
        },
      },
    ],
    ['is a link to somewhere this user cannot look at', linkThatFailsWith('EACCES')],
  ])('was there already if what is in its place %s', (_, changes) => {
    const folder = temporaryFolder();
    expect(makeFolder(fileSystemWith(changes), folder)).toBe(false);
  });

  it('that is a dangling link fails as mkdir does', () => {
    const fs = fileSystemWith(linkThatFailsWith('ENOENT'));
    expect(() => makeFolder(fs, temporaryFolder())).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'mkdir' }),
    );
  });
});

/** Every folder is a link, and its target cannot be reached. */
function linkThatFailsWith(code: string): Partial<FileSystem> {
  return {
    lstatSync(path) {
      const status = systemFileSystem.lstatSync(path);
      return status && Object.assign(Object.create(status), { isSymbolicLink: () => true });
    },
    statfsSync() {
      throw systemError(code, 'statfs');
    },
  };
}
