import fs, {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CliError } from '../../../src/cli/errors/cli-error.js';
import { writeTextfile } from '../../../src/cli/metrics/metrics.js';
import { replace } from '../../../support/replace.js';
import { temporaryFolder } from '../../../support/world.js';

const TYPE = '# TYPE ours gauge\n';
const BEGINNING = `${TYPE}# HELP ours What is ours.\n`;
const TEXT = `${BEGINNING}ours 1\n`;

describe('the text file', () => {
  it('is written, replaced, and can be read by everyone', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.prom');
    const before = process.umask(0o077);
    try {
      writeTextfile(path, TEXT);
      expect(readFileSync(path, 'utf8')).toBe(TEXT);
      const { ino } = lstatSync(path);
      writeTextfile(path, `${TEXT}more 2\n`);
      expect(readFileSync(path, 'utf8')).toBe(`${TEXT}more 2\n`);
      // In place it could be seen half written.
      expect(lstatSync(path).ino).not.toBe(ino);
      if (process.platform !== 'win32') expect(lstatSync(path).mode & 0o777).toBe(0o644);
      expect(readdirSync(folder)).toEqual(['a.prom']);
    } finally {
      process.umask(before);
    }
  });

  it('may be empty before', () => {
    const path = join(temporaryFolder(), 'a.prom');
    writeFileSync(path, '');
    writeTextfile(path, TEXT);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
  });

  it.each(['name,price\n', 'ours 1\n', '#', BEGINNING.slice(0, -1), `${TYPE}mine 1\n`, `\n${TEXT}`])(
    'does not replace the file of somebody else with %o in it',
    (content) => {
      const folder = temporaryFolder();
      const path = join(folder, 'a.prom');
      writeFileSync(path, content);
      chmodSync(path, 0o600);
      expect(() => writeTextfile(path, TEXT)).toThrow(
        `Cannot write ${path}: it was not written by livinglock metrics, so it is not replaced. Choose another name.`,
      );
      expect(readFileSync(path, 'utf8')).toBe(content);
      expect(readdirSync(folder)).toEqual(['a.prom']);
    },
  );

  it.skipIf(process.geteuid === undefined).each(['', TEXT])(
    'does not replace %o of another user',
    (content) => {
      const path = join(temporaryFolder(), 'a.prom');
      writeFileSync(path, content);
      const { uid } = lstatSync(path);
      vi.spyOn(process, 'geteuid').mockReturnValue(uid + 1);
      onTestFinished(() => void vi.restoreAllMocks());
      expect(() => writeTextfile(path, TEXT)).toThrow(
        `Cannot write ${path}: it belongs to another user (UID ${uid}), so it is not replaced. Choose another name.`,
      );
      expect(readFileSync(path, 'utf8')).toBe(content);
    },
  );

  it('replaces what has come meanwhile only if another run has written it', () => {
    const path = join(temporaryFolder(), 'a.prom');
    const link = fs.linkSync;
    let meanwhile = 'mine';
    replace(fs, {
      linkSync(existing, to) {
        writeFileSync(path, meanwhile);
        link(existing, to);
      },
    });
    expect(() => writeTextfile(path, TEXT)).toThrow('so it is not replaced');
    expect(readFileSync(path, 'utf8')).toBe('mine');
    unlinkSync(path);
    meanwhile = `${BEGINNING}ours 2\n`;
    writeTextfile(path, TEXT);
    expect(readFileSync(path, 'utf8')).toBe(TEXT);
    expect(readdirSync(dirname(path))).toEqual(['a.prom']);
  });

  it('is not written through a link, nor in the place of a folder', () => {
    const folder = temporaryFolder();
    const target = join(folder, 'target');
    writeFileSync(target, TEXT);
    const link = join(folder, 'link.prom');
    symlinkSync(target, link);
    expect(() => writeTextfile(link, `${TEXT}more`)).toThrow('it is a symbolic link');
    expect(readlinkSync(link)).toBe(target);
    mkdirSync(join(folder, 'folder.prom'));
    expect(() => writeTextfile(join(folder, 'folder.prom'), TEXT)).toThrow('it is not a regular file');
    // The other name keeps what it has.
    linkSync(target, join(folder, 'second.prom'));
    writeTextfile(join(folder, 'second.prom'), `${TEXT}more`);
    expect(readFileSync(target, 'utf8')).toBe(TEXT);
  });

  it('says why it cannot be written', () => {
    const path = join(temporaryFolder(), 'missing', 'a.prom');
    expect(() => writeTextfile(path, TEXT)).toThrow(CliError);
    expect(() => writeTextfile(path, TEXT)).toThrow(/^Cannot write .*a\.prom: ENOENT: /);
  });
});
