import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../../src/stores/file/file-system.js';
import {
  readSnapshot,
  reads,
  refuseUnlessRegular,
  writeText,
} from '../../../src/stores/file/regular-file.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../../support/world.js';

const isPosix = process.platform !== 'win32';

function file(text: string): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, text);
  return path;
}

function failing(code: string): FileSystem {
  return fileSystemWith({
    openSync() {
      throw systemError(code);
    },
  });
}

describe('a small file', () => {
  it('is read as it is, up to the longest that a lock can be', () => {
    expect(readSnapshot(systemFileSystem, file('äöü'))).toMatchObject({ text: 'äöü', status: { size: 6 } });
    expect(readSnapshot(systemFileSystem, file(''))?.text).toBe('');
    expect(readSnapshot(systemFileSystem, file('x'.repeat(70_000)))?.text).toBe('x'.repeat(64 * 1024));
  });

  it('may not exist', () => {
    expect(readSnapshot(systemFileSystem, join(temporaryFolder(), 'none'))).toBeNull();
  });

  it('may be of unknown size, and come in pieces', () => {
    const fs = fileSystemWith({
      fstatSync: (descriptor) => Object.assign(systemFileSystem.fstatSync(descriptor), { size: 0 }),
      readSync: (descriptor, buffer) => systemFileSystem.readSync(descriptor, buffer.subarray(0, 2)),
    });
    expect(readSnapshot(fs, file('hello'))?.text).toBe('hello');
  });

  it('may become shorter while it is read', () => {
    const fs = fileSystemWith({
      fstatSync: (descriptor) => Object.assign(systemFileSystem.fstatSync(descriptor), { size: 9 }),
    });
    expect(readSnapshot(fs, file('hello'))?.text).toBe('hello');
  });

  it('is closed whatever happens', () => {
    const closed: number[] = [];
    const fs = fileSystemWith({
      closeSync(descriptor) {
        closed.push(descriptor);
        systemFileSystem.closeSync(descriptor);
      },
      readSync() {
        throw systemError('EIO', 'read');
      },
    });
    expect(() => readSnapshot(fs, file('hello'))).toThrow('EIO');
    expect(closed).toHaveLength(1);
  });

  it.each([
    ['ELOOP', 'ELOOP', 'it is a symbolic link'],
    ['EMLINK', 'ELOOP', 'it is a symbolic link'],
    ['ENXIO', 'ENXIO', 'it is a socket or a device'],
  ])('that cannot be opened for %s is no lock: %s', (code, reported, reason) => {
    const opening = () => readSnapshot(failing(code), '/locks/job.lock');
    expect(opening).toThrow(reason);
    const details = { code: reported, syscall: 'open', path: '/locks/job.lock' };
    expect(opening).toThrow(expect.objectContaining(details));
  });

  it('that cannot be opened for another reason fails with that', () => {
    expect(() => readSnapshot(failing('EACCES'), '/locks/job.lock')).toThrow('EACCES: made up');
  });

  it.runIf(isPosix)('is not what a link leads to, a folder, or a FIFO', () => {
    const folder = temporaryFolder();
    const [link, sub, fifo] = ['link', 'sub', 'fifo'].map((name) => join(folder, name));
    symlinkSync(file('secret'), link ?? '');
    mkdirSync(sub ?? '');
    execFileSync('mkfifo', [fifo ?? '']);
    const codeOf = (path: string | undefined) => {
      try {
        readSnapshot(systemFileSystem, path ?? '');
      } catch (error) {
        return Reflect.get(Object(error), 'code');
      }
    };
    expect([link, sub, fifo].map(codeOf)).toEqual(['ELOOP', 'EISDIR', 'EINVAL']);
  });
});

describe('what is not a regular file', () => {
  const kinds = { isFile: false, isSymbolicLink: false, isDirectory: false, isFIFO: false };

  it.each([
    { is: 'isSymbolicLink', code: 'ELOOP' },
    { is: 'isDirectory', code: 'EISDIR' },
    { is: 'isFIFO', code: 'EINVAL' },
    { is: 'nothing of these', code: 'ENXIO' },
  ])('is refused with its own error: $code', ({ is, code }) => {
    const path = file('');
    const answers = Object.keys(kinds).map((kind) => [kind, () => kind === is]);
    const descriptor = systemFileSystem.openSync(path, 'r');
    const status = Object.assign(systemFileSystem.fstatSync(descriptor), Object.fromEntries(answers));
    systemFileSystem.closeSync(descriptor);
    expect(() => refuseUnlessRegular(path, status)).toThrow(expect.objectContaining({ code, path }));
  });
});

describe('a new file', () => {
  it('is written, in pieces if need be', () => {
    const path = file('');
    const fs = fileSystemWith({
      writeSync: (descriptor, buffer) => systemFileSystem.writeSync(descriptor, buffer.subarray(0, 2)),
    });
    const descriptor = fs.openSync(path, 'r+');
    writeText(fs, descriptor, 'hello');
    fs.closeSync(descriptor);
    expect(readFileSync(path, 'utf8')).toBe('hello');
  });

  it('is empty without a text', () => {
    const path = file('');
    const descriptor = systemFileSystem.openSync(path, 'r+');
    writeText(systemFileSystem, descriptor, '');
    systemFileSystem.closeSync(descriptor);
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});

describe('whether a file reads', () => {
  it('is decided by its whole text', () => {
    const path = file('text');
    const none = join(temporaryFolder(), 'none');
    expect([reads(systemFileSystem, path, 'text'), reads(systemFileSystem, path, 'tex')]).toEqual([
      true,
      false,
    ]);
    expect([reads(systemFileSystem, path, null), reads(systemFileSystem, none, null)]).toEqual([false, true]);
    expect(reads(systemFileSystem, none, 'text')).toBe(false);
  });

  it('is not known if it cannot be read', () => {
    expect([reads(failing('EIO'), '/x', null), reads(failing('EIO'), '/x', 'text')]).toEqual([false, false]);
  });
});
