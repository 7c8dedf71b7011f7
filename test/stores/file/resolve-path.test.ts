import { mkdirSync, renameSync, rmdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolvePath } from '../../../src/stores/file/resolve-path.js';
import { pretend } from '../../../support/replace.js';
import { temporaryFolder } from '../../../support/world.js';

describe('the path of a lock', () => {
  it('is absolute', () => {
    expect(resolvePath('a/../job.lock')).toBe(resolve('job.lock'));
  });

  it.skipIf(process.platform === 'win32')('has no symbolic links in the path of its folder', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'releases/1/tmp'), { recursive: true });
    symlinkSync('releases/1', join(folder, 'current'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    symlinkSync('../1/tmp/job.lock', join(folder, 'releases/1/link.lock'));

    expect(resolvePath(join(folder, 'current/tmp/job.lock'))).toBe(join(folder, 'releases/1/tmp/job.lock'));
    expect(resolvePath(join(folder, 'current/missing/too/job.lock'))).toBe(
      join(folder, 'releases/1/missing/too/job.lock'),
    );
    expect(resolvePath(join(folder, 'dangling/job.lock'))).toBe(join(folder, 'dangling/job.lock'));
    expect(resolvePath(join(folder, 'current/link.lock'))).toBe(join(folder, 'releases/1/link.lock'));
    expect(resolvePath('/job.lock')).toBe('/job.lock');
  });

  it.runIf(process.platform === 'linux')('keeps a link to what no text can name', () => {
    const folder = temporaryFolder();
    const target = Buffer.from('caf\xe9', 'latin1');
    mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), target]));
    symlinkSync(target, join(folder, 'link'));
    expect(resolvePath(join(folder, 'link/job.lock'))).toBe(join(folder, 'link/job.lock'));
    // That link leads to /, as its text says.
    expect(resolvePath(`/proc/self/root${folder}/job.lock`)).toBe(join(folder, 'job.lock'));
  });

  it.each<[what: string, name: unknown, words: string]>([
    ['a number', 7, 'must be a string that is not empty'],
    ['null', null, 'must be a string that is not empty'],
    ['empty', '', 'must be a string that is not empty'],
    ['a text with a NUL byte', 'job\0.lock', 'must not contain a NUL byte: "job\\u0000.lock"'],
    [
      'a text with half a surrogate pair, which becomes the same in UTF-8 as any other half',
      'job\ud800.lock',
      'must not contain half a surrogate pair: "job\\ud800.lock"',
    ],
    [
      'a URL',
      'file:///tmp/job.lock',
      'must not be a URL. Pass its path: in Node, `fileURLToPath(url)`. Or write ./file:',
    ],
    [
      'a URL as an object',
      new URL('file:///tmp/job.lock'),
      'must be a string, but is the URL file:///tmp/job.lock. Pass its path: in Node, `fileURLToPath(url)`.',
    ],
    ['a URL without slashes', 'file:job.lock', 'must not be a URL'],
    [
      'a path that needs a shell',
      '~/job.lock',
      'must not begin with ~/, which only a shell replaces, and not in quotes. Write out the home folder, in Node with homedir(), or ./~/job.lock',
    ],
  ])('cannot be %s', (_, name, words) => {
    const resolving = () => Reflect.apply(resolvePath, undefined, [name]);
    expect(resolving).toThrow(TypeError);
    expect(resolving).toThrow(words);
  });

  it.skipIf(process.platform === 'win32')('may contain both where no other folder can be meant', () => {
    for (const name of [
      './~/job.lock',
      './file:/job.lock',
      'a/~/file:',
      '~',
      '~job.lock',
      'files/job.lock',
    ]) {
      expect(resolvePath(name)).toBe(resolve(name));
    }
  });

  // A worker, in which Stryker runs the tests, cannot change its folder.
  it.skipIf(process.platform === 'win32' || !isMainThread).each([
    { what: 'removed', make: (folder: string) => rmdirSync(folder) },
    { what: 'renamed', make: (folder: string) => renameSync(folder, `${folder}.old`) },
    {
      what: 'replaced',
      make(folder: string) {
        renameSync(folder, `${folder}.old`);
        mkdirSync(folder);
      },
    },
  ])('must be absolute if the working folder was $what', ({ make }) => {
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    const folder = join(temporaryFolder(), 'work');
    mkdirSync(folder);
    process.chdir(folder);
    // Node remembers it.
    process.cwd();
    make(folder);

    expect(resolvePath('/srv/job.lock')).toBe('/srv/job.lock');
    expect(() => resolvePath('job.lock')).toThrow(
      expect.objectContaining({
        name: 'ErrLockStore',
        code: 'ENOENT',
        message: expect.stringMatching(
          /^Cannot find the lock job\.lock: ENOENT.+\. The working folder was removed, renamed or mounted over: give an absolute path\.$/,
        ),
      }),
    );
  });

  it.skipIf(process.platform === 'win32')(
    'must be one file for all of its names on Windows, and may be anything elsewhere',
    () => {
      const name = resolve('job.lock');
      expect(resolvePath(name)).toBe(name);
      pretend('win32');
      expect(() => resolvePath(name)).toThrow(`${name} cannot be a lock: it is the path of a device.`);
    },
  );
});
