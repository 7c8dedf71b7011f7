import { describe, expect, it } from 'vitest';
import { isLocal, typeOf } from '../../../src/stores/file/file-system-type.js';
import { pretend } from '../../../support/replace.js';
import { fileSystemWith, systemError } from '../../../support/world.js';

describe('the type of a file system', () => {
  const ofType = (type: number) => fileSystemWith({ statfsSync: () => ({ type }) });

  it.each([
    { type: 0xef53, name: 'ext4', writers: 'one kernel' },
    { type: 0x6969, name: 'nfs', writers: 'many' },
    { type: 0x65735546, name: 'fuse', writers: 'unknown' },
    { type: 0x12345, name: null, writers: 'unknown' },
    // As a 32-bit machine shows btrfs.
    { type: 0x9123683e - 2 ** 32, name: 'btrfs', writers: 'one kernel' },
  ])('tells whether other machines may write there: $name', ({ type, name, writers }) => {
    pretend('linux');
    expect(typeOf(ofType(type), '/locks')).toEqual({ name, writers });
    expect(isLocal(ofType(type), '/locks')).toBe(writers === 'one kernel');
  });

  it('is unknown if it cannot be found out, or on other systems', () => {
    pretend('linux');
    const failing = fileSystemWith({
      statfsSync() {
        throw systemError('EACCES', 'statfs');
      },
    });
    expect(isLocal(failing, '/locks')).toBe(false);
    pretend('darwin');
    expect(isLocal(ofType(0xef53), '/locks')).toBe(false);
  });
});
