import fs, { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemFileSystem } from '../../../src/stores/file/file-system.js';
import { pretend } from '../../../support/replace.js';
import { temporaryFolder } from '../../../support/world.js';

describe.skipIf(process.platform === 'win32')('an open folder', () => {
  it.runIf(process.platform === 'linux')('stays the same one, and is closed in the end', () => {
    const folder = temporaryFolder();
    const open = systemFileSystem.openFolderSync(folder);
    expect(open.path).toMatch(/^\/proc\/self\/fd\/\d+$/);
    expect(statSync(open.path ?? '').ino).toBe(statSync(folder).ino);
    open.close();
    expect(() => open.close()).toThrow('EBADF');
  });

  it.each(['linux', 'darwin'] as const)(
    'is no file, and no link unless links are followed: %s',
    (platform) => {
      pretend(platform);
      const folder = temporaryFolder();
      const [file, link] = [join(folder, 'file'), join(folder, 'link')];
      writeFileSync(file, '');
      symlinkSync(folder, link);
      const refusal = expect.objectContaining({ code: 'ENOTDIR', syscall: 'open', path: expect.any(String) });
      expect(() => systemFileSystem.openFolderSync(file)).toThrow(refusal);
      expect(() => systemFileSystem.openFolderSync(link)).toThrow(refusal);
      const followed = systemFileSystem.openFolderSync(link, true);
      expect(followed.status.isDirectory()).toBe(true);
      followed.close();
    },
  );

  it('has no path of its own on other systems', () => {
    pretend('darwin');
    const { path, status, close } = systemFileSystem.openFolderSync(temporaryFolder());
    expect(path).toBeNull();
    expect(status.isDirectory()).toBe(true);
    close();
  });
});

describe.skipIf(process.platform === 'win32')('an atomic write', () => {
  it('gives the file the mode that is asked for, or leaves it the one that it had', () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    systemFileSystem.writeFileAtomicSync(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    systemFileSystem.writeFileAtomicSync(path, 'newer', 0o604);
    expect(readFileSync(path, 'utf8')).toBe('newer');
    expect(statSync(path).mode & 0o777).toBe(0o604);
  });

  it('changes nobody’s owner, and does not even try to for a new file: a service may be killed for that', () => {
    const chown = vi.spyOn(fs, 'chownSync');
    onTestFinished(() => chown.mockRestore());
    const path = join(temporaryFolder(), 'file');
    systemFileSystem.writeFileAtomicSync(path, 'new', 0o600);
    expect(chown).not.toHaveBeenCalled();
    systemFileSystem.writeFileAtomicSync(path, 'newer', 0o600);
    expect(chown.mock.calls).toEqual([[expect.any(String), -1, -1]]);
  });
});
