import { describe, expect, it } from 'vitest';
import type { FileStatus } from '../../../../src/stores/file/file-system.js';
import { guardLifeName, ownerName, stagedName } from '../../../../src/stores/file/guard/guard-names.js';
import { survey } from '../../../../src/stores/file/guard/guard-survey.js';
import { fileSystemWith, someIdentity } from '../../../../support/world.js';

const DEVICE = 41;
const OWNER = ownerName({ identity: someIdentity(), thread: 0 });
const SIGN = guardLifeName(OWNER, DEVICE);
const STAGED = stagedName(OWNER);

const FILE = 0o100644;
const FOLDER = 0o040755;
const SOCKET = 0o140755;

function statusOf(mode: number, size = 0): FileStatus {
  const type = mode & 0o170000;
  return {
    mode,
    size,
    uid: 4711,
    dev: DEVICE,
    nlink: 1,
    mtimeMs: 0,
    ctimeMs: 0,
    isFile: () => type === 0o100000,
    isDirectory: () => type === 0o040000,
    isSymbolicLink: () => type === 0o120000,
    isFIFO: () => type === 0o010000,
  };
}

/** Of a guard with these files; what has no status has gone since the names were read. */
function surveyOf(files: Readonly<Record<string, FileStatus | undefined>>) {
  const fs = fileSystemWith({ lstatSync: (name) => files[name] });
  return survey(fs, Object.keys(files), (name) => name);
}

describe('what is in a guard', () => {
  it('is the owner, with its sign of life, and what it has staged; the sign is the last to be removed', () => {
    const found = surveyOf({
      [SIGN]: statusOf(SOCKET),
      [OWNER]: statusOf(FILE),
      [STAGED]: statusOf(FILE, 200),
    });
    expect(found.stranger).toBeUndefined();
    expect(found.owners).toEqual([{ name: OWNER, isSigned: true }]);
    expect(found.names).toEqual([STAGED, OWNER, SIGN]);
  });

  it('tells which file the sign of the owner must be: one of the same user, on the same device', () => {
    const found = surveyOf({ [OWNER]: statusOf(FILE), [guardLifeName(OWNER, 42)]: statusOf(SOCKET) });
    expect(found.owners).toEqual([{ name: OWNER, isSigned: false }]);
    expect(found.signOf(OWNER)).toEqual({ name: SIGN, file: { uid: 4711, dev: DEVICE } });
  });

  it.each<[what: string, name: string, status: FileStatus | undefined, isStrange: boolean]>([
    ['an empty file as a sign', SIGN, statusOf(FILE), false],
    ['a socket as a sign', SIGN, statusOf(SOCKET), false],
    ['a sign that is gone by now', SIGN, undefined, false],
    ['a file with content under the name of a sign', SIGN, statusOf(FILE, 1), true],
    ['a folder under the name of a sign', SIGN, statusOf(FOLDER), true],
    ['an owner that is gone by now', OWNER, undefined, false],
    ['a folder under the name of an owner', OWNER, statusOf(FOLDER), true],
    ['a socket under the name of an owner', OWNER, statusOf(SOCKET), true],
    ['a folder under the name of a staged file', STAGED, statusOf(FOLDER), true],
    ['any other file', 'notes.txt', statusOf(FILE), true],
  ])('is judged by its name and its type: %s', (_, name, status, isStrange) => {
    expect(surveyOf({ [name]: status }).stranger).toBe(isStrange ? name : undefined);
  });
});
