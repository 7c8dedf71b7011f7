import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import {
  isOtherThanFile,
  removeIfEmpty,
  removeIfThere,
  removeSign,
} from '../../../src/stores/file/remove-files.js';
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

describe.skipIf(process.platform === 'win32')('a sign of life that says nothing any more', () => {
  const THEIRS = 4711;
  const OTHERS = 4712;

  /** Whether an empty file of that user is removed by user 4713. */
  function isRemoved(owner: number, writer?: number | null): boolean {
    const path = join(temporaryFolder(), 'sign');
    writeFileSync(path, '');
    vi.spyOn(process, 'geteuid').mockReturnValue(4713);
    onTestFinished(() => void vi.restoreAllMocks());
    const fs = fileSystemWith({
      lstatSync(of) {
        const status = systemFileSystem.lstatSync(of);
        return status && Object.assign(Object.create(status), { uid: owner });
      },
    });
    removeSign(fs, path, writer);
    return !existsSync(path);
  }

  it('is removed if it belongs to this user, or to the writer of the lock, and to nobody else', () => {
    expect(isRemoved(4713)).toBe(true);
    expect(isRemoved(4713, THEIRS)).toBe(true);
    expect(isRemoved(THEIRS, THEIRS)).toBe(true);
    expect(isRemoved(THEIRS, OTHERS)).toBe(false);
    expect(isRemoved(THEIRS, null)).toBe(false);
    expect(isRemoved(THEIRS)).toBe(false);
  });

  it('is removed where there are no users', () => {
    const path = join(temporaryFolder(), 'sign');
    writeFileSync(path, '');
    const { geteuid } = process;
    Reflect.deleteProperty(process, 'geteuid');
    onTestFinished(() => void Reflect.set(process, 'geteuid', geteuid));
    removeSign(systemFileSystem, path);
    expect(existsSync(path)).toBe(false);
  });

  it('is a socket or an empty file; anything else stays', async () => {
    const folder = temporaryFolder();
    const [socket, file, folderInPlace] = ['socket', 'file', 'folder'].map((name) => join(folder, name));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    writeFileSync(file ?? '', 'precious');
    mkdirSync(folderInPlace ?? '');
    for (const path of [socket, file, folderInPlace, join(folder, 'none')])
      removeSign(systemFileSystem, path ?? '');
    expect([socket, file, folderInPlace].map((path) => existsSync(path ?? ''))).toEqual([false, true, true]);
  });
});
