import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ErrLockStore,
  type FileSystemFinding,
  type FileSystemReport,
  type FileSystemVerdict,
  formatFileSystemReport,
  verifyFileSystem,
} from '../../src/index.js';
import { adviceFor, verdictOf } from '../../src/verify/file-system-report.js';
import { readVerifyOptions } from '../../src/verify/verify-file-system.js';
import { temporaryFolder, untyped } from '../../support/world.js';

const WRONG: readonly (readonly [
  options: unknown,
  error: typeof TypeError | typeof RangeError,
  words: RegExp,
])[] = [
  [{ processes: 1 }, RangeError, /`processes`.* 1/],
  [{ processes: 2.5 }, RangeError, /`processes`.*2\.5/],
  [{ processes: '4' }, TypeError, /`processes`.*'4'/],
  [{ duration: 0 }, RangeError, /`duration`.* 0/],
  [{ duration: 30 }, RangeError, /`duration`.* '30s' .* '30ms'/],
  [{ duration: 'a while' }, RangeError, /`duration`.*'a while'/],
  [{ duration: Number.POSITIVE_INFINITY }, RangeError, /`duration`.*Infinity/],
  [{ signal: {} }, TypeError, /`signal`/],
  [{ seconds: 3 }, TypeError, /no option `seconds`.*processes, duration, signal/],
];

describe('the parameters of verifyFileSystem', () => {
  it('have defaults for a few seconds', () => {
    expect(readVerifyOptions({})).toEqual({ processes: 4, duration: 3000, signal: undefined });
    expect(readVerifyOptions({ processes: 8, duration: '1m' })).toMatchObject({
      processes: 8,
      duration: 60_000,
    });
  });

  it.each(WRONG)('are refused before anything is touched: %j', async (options, error, words) => {
    const folder = temporaryFolder();
    const verifying = verifyFileSystem(folder, untyped(options));
    await expect(verifying).rejects.toThrow(error);
    await expect(verifying).rejects.toThrow(words);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('must include a folder', async () => {
    await expect(verifyFileSystem('')).rejects.toThrow(TypeError);
  });

  it('do nothing if the signal was already aborted', async () => {
    const folder = temporaryFolder();
    const signal = AbortSignal.abort(new Error('never mind'));
    await expect(verifyFileSystem(folder, { signal })).rejects.toThrow('never mind');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('a folder that cannot be verified', () => {
  it('is reported if it does not exist', async () => {
    const directory = join(temporaryFolder(), 'none');
    const error = await verifyFileSystem(directory).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ErrLockStore);
    expect(error).toMatchObject({
      code: 'ENOENT',
      lock: directory,
      message: expect.stringContaining(`Cannot verify ${directory}: ENOENT`),
    });
  });

  it('is reported if it is a file', async () => {
    const directory = join(temporaryFolder(), 'file');
    writeFileSync(directory, '');
    await expect(verifyFileSystem(directory)).rejects.toMatchObject({ code: 'ENOTDIR', lock: directory });
  });
});

function finding(verdict: FileSystemVerdict): FileSystemFinding {
  return { check: 'exclusion', verdict, message: `This is ${verdict}.` };
}

describe('a report', () => {
  it('is as good as its worst finding', () => {
    expect(verdictOf([finding('safe'), finding('safe')])).toBe('safe');
    expect(verdictOf([finding('safe'), finding('limited')])).toBe('limited');
    expect(verdictOf([finding('limited'), finding('unsafe'), finding('safe')])).toBe('unsafe');
  });

  it('says in plain words what was found, and what to do', () => {
    expect(formatFileSystemReport(reportWith('unsafe', 'fuse'))).toBe(
      [
        '/mnt/share (fuse) is UNSAFE: do not keep a lock here.',
        '',
        '  ok       This is safe.',
        '  UNSAFE   This is unsafe.',
        '',
        '4 processes on this machine, 3.0 s: 90 acquisitions, 12 times busy, 170 heartbeats, 3 retried, 5 killed, 2 of them holding the lock.',
        '',
        adviceFor('unsafe'),
      ].join('\n'),
    );
  });

  it('gives no advice if there is nothing to do', () => {
    const text = formatFileSystemReport(reportWith('safe', null));
    expect(text).toMatch(/^\/mnt\/share \(unknown file system\) is safe: /);
    expect(text).toMatch(/holding the lock\.$/);
  });
});

function reportWith(verdict: FileSystemVerdict, fileSystem: string | null): FileSystemReport {
  return {
    directory: '/mnt/share',
    fileSystem,
    verdict,
    findings: [finding('safe'), finding(verdict)],
    advice: adviceFor(verdict),
    figures: {
      processes: 4,
      duration: 3012,
      acquisitions: 90,
      turnedAway: 12,
      heartbeats: 170,
      postponed: 3,
      killed: 5,
      killedHolding: 2,
      overlaps: 0,
      losses: 0,
      failures: 0,
      longestTakeover: 12,
    },
  };
}
