import { execFileSync } from 'node:child_process';
import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { FIRST_LINE } from '../../../../src/cli/history/html/page.js';
import { writePage } from '../../../../src/cli/history/html/write-page.js';
import { replace } from '../../../../support/replace.js';
import { systemError, temporaryFolder } from '../../../../support/world.js';

const PAGE = `${FIRST_LINE}\n<p>new`;

let folder: string;
let file: string;

beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder, 'history.html');
});

describe('a page is written', () => {
  it('for its user alone, in place of the page before', () => {
    writePage(file, PAGE);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    writePage(file, `${PAGE}er`);
    expect(readFileSync(file, 'utf8')).toBe(`${PAGE}er`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['history.html']);
  });

  it('where the file system has no links', () => {
    replace(fs, {
      linkSync() {
        throw systemError('EPERM', 'link');
      },
    });
    writePage(file, PAGE);
    expect(readFileSync(file, 'utf8')).toBe(PAGE);
    expect(readdirSync(folder)).toEqual(['history.html']);
  });
});

describe('a page never replaces', () => {
  const target = () => join(folder, 'target');

  const NO_PAGE = 'it is not a page written by livinglock';
  const NO_FILE = 'it is not a regular file';

  it.each<[string, string, () => void]>([
    ['a file of somebody else', NO_PAGE, () => writeFileSync(file, 'name,price\n')],
    ['an empty file', NO_PAGE, () => writeFileSync(file, '')],
    ['another page', NO_PAGE, () => writeFileSync(file, '<!doctype html>\n<p>mine')],
    [
      'a page whose first line only begins like ours',
      NO_PAGE,
      () => writeFileSync(file, `${FIRST_LINE} and mine`),
    ],
    [
      'a link, even to a page',
      'it is a symbolic link',
      () => {
        writeFileSync(target(), PAGE);
        symlinkSync(target(), file);
      },
    ],
    ['a link that leads nowhere', 'it is a symbolic link', () => symlinkSync(target(), file)],
    ['a folder', NO_FILE, () => mkdirSync(file)],
    ['a FIFO', NO_FILE, () => execFileSync('mkfifo', [file])],
  ])('%s', (_what, complaint, put) => {
    put();
    const before = state();
    expect(() => writePage(file, PAGE)).toThrow(
      `Cannot write ${file}: ${complaint}, so it is not replaced. Choose another name.`,
    );
    expect(state()).toEqual(before);
  });

  it.skipIf(process.geteuid === undefined)('the page of another user', () => {
    writeFileSync(file, PAGE);
    vi.spyOn(process, 'geteuid').mockReturnValue(statSync(file).uid + 1);
    onTestFinished(() => void vi.restoreAllMocks());
    const before = state();
    expect(() => writePage(file, PAGE)).toThrow(`Cannot write ${file}: it belongs to another user`);
    expect(state()).toEqual(before);
  });

  it('what has come there meanwhile', () => {
    const { linkSync } = fs;
    replace(fs, {
      linkSync(existing, path) {
        writeFileSync(file, 'mine');
        linkSync(existing, path);
      },
    });
    expect(() => writePage(file, PAGE)).toThrow('is not replaced');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(['history.html']);
  });

  function state() {
    return readdirSync(folder).map((name) => {
      const { mode, ino, mtimeMs, size } = fs.lstatSync(join(folder, name));
      return { name, mode, ino, mtimeMs, size };
    });
  }
});

describe('a page that cannot be written', () => {
  it('leaves nothing behind, and says why', () => {
    const missing = join(folder, 'missing', 'history.html');
    expect(() => writePage(missing, PAGE)).toThrow(
      `Cannot write ${missing}: ENOENT: no such file or directory.`,
    );
    writePage(file, PAGE);
    replace(fs, {
      renameSync() {
        throw systemError('ENOSPC', 'rename');
      },
    });
    expect(() => writePage(file, `${PAGE}er`)).toThrow('ENOSPC');
    expect(readFileSync(file, 'utf8')).toBe(PAGE);
    expect(readdirSync(folder)).toEqual(['history.html']);
  });
});
