import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FileSystem, systemFileSystem } from '../../src/stores/file/index.js';
import { observe, observeUntil, version } from '../../src/verify/probes/sharing.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../support/world.js';

let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), 'lock');
});

/** Shows one text after the other to a reader that opens the file, or fails to. */
function showing(texts: readonly (string | Error)[]): FileSystem {
  const left = [...texts];
  return fileSystemWith({
    openSync(opened, flags, mode) {
      const next = left.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) writeFileSync(path, next);
      return systemFileSystem.openSync(opened, flags, mode);
    },
  });
}

describe('a process that looks at a file', () => {
  it('sees its text, its time, and the files beside it', () => {
    writeFileSync(path, 'text');
    expect(observe(systemFileSystem, path)).toEqual({
      text: 'text',
      mtimeMs: systemFileSystem.lstatSync(path)?.mtimeMs,
      names: ['lock'],
    });
  });

  it('sees that the file is missing', () => {
    expect(observe(systemFileSystem, path)).toEqual({ text: null, mtimeMs: null, names: [] });
  });
});

describe('a process that watches a file', () => {
  it('stops at the last version', () => {
    expect(observeUntil(showing([version(0), version(1), version(2)]), path, version(2), 60_000)).toEqual({
      reads: 3,
      missing: 0,
      torn: 0,
      backwards: 0,
      errors: [],
      sawLast: true,
    });
  });

  it('counts every irregularity', () => {
    const torn = version(1).slice(0, -1);
    const [none, stale] = [systemError('ENOENT'), systemError('ESTALE')];
    const fs = showing([version(1), none, torn, '', version(0), stale, stale, version(2)]);
    expect(observeUntil(fs, path, version(2), 60_000)).toEqual({
      reads: 8,
      missing: 1,
      torn: 2,
      backwards: 1,
      errors: ['ESTALE'],
      sawLast: true,
    });
  });

  it('gives up when no newer version comes', () => {
    expect(observeUntil(showing([version(1)]), path, version(2), 1)).toMatchObject({ sawLast: false });
  });
});
