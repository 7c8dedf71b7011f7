import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import { isOtherThanFile, removeIfEmpty, removeIfThere } from '../../../src/stores/file/removal.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../../support/world.js';

/** Fails so often with that error, and counts the attempts. */
function failing(code: string, times: number): { readonly fs: FileSystem; attempts: number } {
  const remove = () => {
    result.attempts += 1;
    if (result.attempts <= times) throw systemError(code);
  };
  const result = { fs: fileSystemWith({ unlinkSync: remove, rmdirSync: remove }), attempts: 0 };
  return result;
}

describe('removing what may be litter', () => {
  it('is tried once more after a failure, and then left', () => {
    for (const times of [1, 2]) {
      const forFile = failing('EIO', times);
      expect(() => removeIfThere(forFile.fs, '/x')).not.toThrow();
      expect(forFile.attempts).toBe(2);
      const forFolder = failing('EIO', times);
      expect(() => removeIfEmpty(forFolder.fs, '/x')).not.toThrow();
      expect(forFolder.attempts).toBe(2);
    }
  });

  it('is over where nothing is there', () => {
    const file = failing('ENOENT', 2);
    removeIfThere(file.fs, '/x');
    expect(file.attempts).toBe(1);
  });

  it.each(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'])('is over for a folder after %s', (code) => {
    const folder = failing(code, 2);
    removeIfEmpty(folder.fs, '/x');
    expect(folder.attempts).toBe(1);
  });
});

describe('what is no regular file', () => {
  it('is something that is there', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'folder'));
    const found = ['file', 'folder', 'none'].map((name) =>
      isOtherThanFile(systemFileSystem, join(folder, name)),
    );
    expect(found).toEqual([false, true, false]);
  });
});
