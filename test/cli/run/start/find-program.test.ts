import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ExitCode } from '../../../../src/cli/errors/exit-codes.js';
import { expectProgram } from '../../../../src/cli/run/start/find-program.js';
import { pretend } from '../../../../support/replace.js';
import { temporaryFolder } from '../../../../support/world.js';

function refusal(exitCode: number, words: string): unknown {
  return expect.objectContaining({ exitCode, message: expect.stringContaining(words) });
}

describe.skipIf(process.platform === 'win32')('a program', () => {
  afterEach(() => vi.unstubAllEnvs());

  function folderWith(mode: number): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'job'), '');
    chmodSync(join(folder, 'job'), mode);
    return folder;
  }

  it('is found in the first folder of PATH that has it and lets it be executed', () => {
    const plain = folderWith(0o644);
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'job'));
    const good = folderWith(0o755);
    vi.stubEnv('PATH', [temporaryFolder(), plain, folder, good, folderWith(0o755)].join(':'));
    expect(expectProgram('job')).toBe(join(good, 'job'));
  });

  it('with a slash is a path', () => {
    const path = join(folderWith(0o755), 'job');
    vi.stubEnv('PATH', '');
    expect(expectProgram(path)).toBe(path);
    expect(() => expectProgram(`${path}.sh`)).toThrow(
      refusal(ExitCode.notFound, `There is no file ${path}.sh.`),
    );
    vi.stubEnv('PATH', temporaryFolder());
    expect(() => expectProgram('package.json')).toThrow(
      refusal(ExitCode.notFound, 'in PATH. To run the file in this folder, write ./package.json.'),
    );
    expect(() => expectProgram('./job')).toThrow(
      refusal(ExitCode.notFound, `There is no file ./job in ${process.cwd()}. Give its full path, or change`),
    );
  });

  it('is found in the current folder where PATH has an empty entry, and in the folders of the system without PATH', () => {
    vi.stubEnv('PATH', '');
    expect(() => expectProgram('livinglock-has-no-such-program')).toThrow(
      refusal(ExitCode.notFound, 'There is no command livinglock-has-no-such-program'),
    );
    // Not executable, but found.
    expect(() => expectProgram('package.json')).toThrow(
      refusal(ExitCode.notExecutable, 'package.json cannot be executed'),
    );
    vi.stubEnv('PATH', undefined);
    expect(expectProgram('sh')).toMatch(/^(\/usr)?\/bin\/sh$/);
  });

  it('that is only there, or a folder, cannot be executed', () => {
    vi.stubEnv('PATH', folderWith(0o644));
    expect(() => expectProgram('job')).toThrow(refusal(ExitCode.notExecutable, 'chmod +x'));
    expect(() => expectProgram('/tmp/')).toThrow(refusal(ExitCode.notExecutable, '/tmp/ is not a file.'));
    expect(() => expectProgram('.')).toThrow(refusal(ExitCode.notFound, 'There is no command .'));
  });

  it('that looks like a line for the shell is refused with the way to run it', () => {
    expect(() => expectProgram('echo hi | wc')).toThrow(
      refusal(ExitCode.notFound, "use -c 'echo hi | wc', or"),
    );
    expect(() => expectProgram('livinglock-has-no')).toThrow(
      refusal(ExitCode.notFound, 'add its folder to PATH'),
    );
  });

  it('has a name', () => {
    expect(() => expectProgram('')).toThrow(refusal(ExitCode.usage, 'empty'));
  });
});

describe('a program on Windows', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('may lack its extension, is a file, and is returned as it is written', () => {
    pretend('win32');
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'job.CMD'), '');
    mkdirSync(join(folder, 'other.CMD'));
    vi.stubEnv('PATHEXT', '.EXE;.CMD');
    vi.stubEnv('PATH', folder);
    expect(expectProgram('job')).toBe('job');
    expect(expectProgram('job.CMD')).toBe('job.CMD');
    expect(expectProgram(join(folder, 'job'))).toBe(join(folder, 'job'));
    for (const missing of ['other', 'echo', join(folder, 'other')]) {
      expect(() => expectProgram(missing)).toThrow(
        refusal(ExitCode.notFound, 'Commands that are built into cmd.exe need -c'),
      );
    }
    expect(() => expectProgram('')).toThrow(refusal(ExitCode.usage, 'empty'));
  });

  it('is found in the current folder without PATH', () => {
    pretend('win32');
    vi.stubEnv('PATH', undefined);
    expect(expectProgram('package.json')).toBe('package.json');
  });
});
