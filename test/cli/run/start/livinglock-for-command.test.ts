import fs, { readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { callingBack } from '../../../../src/cli/run/start/livinglock-for-command.js';
import { pretend, replace } from '../../../../support/replace.js';
import { temporaryFolder } from '../../../../support/world.js';

const SHELL = '/bin/sh';

describe.skipIf(process.platform === 'win32')('what a command calls livinglock by', () => {
  let folder: string;

  beforeEach(() => {
    folder = temporaryFolder();
    replace(os, { tmpdir: () => folder });
  });

  /** Lets only these files be executed. */
  function executable(isSo: (path: string) => boolean): void {
    const changes: object = {
      accessSync(path: string) {
        if (!isSo(path)) throw new Error(`EACCES: ${path}`);
      },
    };
    replace(fs, changes);
  }

  const isLauncher = (path: string) => path.endsWith('livinglock.sh');

  it('is the launcher beside the program, with Node and the script', () => {
    executable(() => true);
    const { LIVINGLOCK = '', ...rest } = callingBack();
    expect(LIVINGLOCK).toBe(resolve('src/cli/run/start/livinglock.sh'));
    expect(readFileSync(LIVINGLOCK, 'utf8')).toMatch(/^#!/);
    expect(rest).toEqual({
      LIVINGLOCK_NODE: process.execPath,
      LIVINGLOCK_SCRIPT: resolve(process.argv[1] ?? ''),
    });
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('is a batch file on Windows', () => {
    executable(() => false);
    pretend('win32');
    expect(callingBack()['LIVINGLOCK']).toMatch(/livinglock\.(sh|cmd)$/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('is a script for Node where there is no shell', () => {
    executable((path) => path !== SHELL);
    const { LIVINGLOCK = '', LIVINGLOCK_SCRIPT } = callingBack();
    expect(dirname(dirname(LIVINGLOCK))).toBe(folder);
    expect(LIVINGLOCK).toMatch(/\/livinglock\.cjs$/);
    expect(readFileSync(LIVINGLOCK, 'utf8')).toBe(
      `#!${process.execPath}\nrequire(${JSON.stringify(LIVINGLOCK_SCRIPT)});\n`,
    );
    expect(statSync(LIVINGLOCK).mode & 0o777).toBe(0o755);
  });

  it('is a copy of a launcher that has lost its executable bit', () => {
    executable((path) => !isLauncher(path));
    const { LIVINGLOCK = '' } = callingBack();
    expect(dirname(dirname(LIVINGLOCK))).toBe(folder);
    expect(readFileSync(LIVINGLOCK)).toEqual(readFileSync(resolve('src/cli/run/start/livinglock.sh')));
    expect(statSync(LIVINGLOCK).mode & 0o777).toBe(0o755);
  });

  it('is the launcher itself if no other folder can be made', () => {
    executable((path) => !isLauncher(path));
    const changes: object = {
      mkdtempSync() {
        throw new Error('EROFS');
      },
    };
    replace(fs, changes);
    expect(callingBack()['LIVINGLOCK']).toBe(resolve('src/cli/run/start/livinglock.sh'));
  });

  it('is in /tmp where the path of the temporary folder has spaces', () => {
    executable((path) => !isLauncher(path));
    replace(os, { tmpdir: () => join(folder, 'a b') });
    const { LIVINGLOCK = '' } = callingBack();
    expect(LIVINGLOCK).toMatch(/^\/tmp\/livinglock-\w+\/livinglock$/);
    fs.rmSync(dirname(LIVINGLOCK), { recursive: true });
  });
});
