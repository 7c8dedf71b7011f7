import fs from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { givenDescriptors, staysOpen } from '../../../../src/cli/run/start/descriptors.js';
import { pretend, replace } from '../../../../support/replace.js';

type Kind = 'File' | 'FIFO' | 'Socket' | 'Directory' | 'CharacterDevice' | 'BlockDevice' | 'epoll';

interface FakeDescriptor {
  readonly kind: Kind;
  readonly ino: number;
  readonly dev?: number;
  /** The flags of open(2), octal; the access mode is the last digit. `null` if the system does not tell. */
  readonly flags?: string | null;
  /** Where it leads, if not to an unnamed pipe. */
  readonly path?: string;
}

/** The type of a file in its mode; inode(7). */
const TYPES: Readonly<Record<Kind, number>> = {
  File: 0o100000,
  FIFO: 0o010000,
  Socket: 0o140000,
  Directory: 0o040000,
  CharacterDevice: 0o020000,
  BlockDevice: 0o060000,
  epoll: 0,
};

/** The open descriptors of this process, by their numbers. */
function open(descriptors: Readonly<Record<number, FakeDescriptor>>): void {
  const found = (text: string): FakeDescriptor => {
    const descriptor = descriptors[Number(/\d+$/.exec(text)?.[0])];
    if (descriptor === undefined) throw new Error(`EBADF: ${text}`);
    return descriptor;
  };
  const changes: object = {
    // The descriptor that reads the folder is in the list, and closed again.
    readdirSync: (path: string) => (path === '/dev/fd' ? [...Object.keys(descriptors), '99'] : []),
    fstatSync(number: number) {
      const { kind, ino, dev = 1 } = found(String(number));
      return { ino, dev, mode: TYPES[kind], isFIFO: () => kind === 'FIFO' };
    },
    readFileSync(path: string) {
      const { flags = '0' } = found(path);
      return flags === null ? 'pos:\t0\n' : `pos:\t0\nflags:\t${flags}\nmnt_id:\t15\n`;
    },
    readlinkSync: (path: string) => found(path).path ?? 'pipe:[5]',
  };
  replace(fs, changes);
}

const FIRST: Readonly<Record<number, FakeDescriptor>> = {
  0: { kind: 'CharacterDevice', ino: 1 },
  1: { kind: 'FIFO', ino: 2, flags: '1' },
  2: { kind: 'File', ino: 3 },
};

describe('descriptors for the command', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('are those of files, pipes, sockets, folders and devices beyond stderr', () => {
    open({
      ...FIRST,
      3: { kind: 'File', ino: 10 },
      4: { kind: 'FIFO', ino: 11 },
      5: { kind: 'Socket', ino: 12 },
      6: { kind: 'Directory', ino: 13 },
      7: { kind: 'CharacterDevice', ino: 14 },
      8: { kind: 'BlockDevice', ino: 15 },
      9: { kind: 'epoll', ino: 16 },
    });
    expect(givenDescriptors()).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it('are not the pipes that Node has both ends of', () => {
    open({
      ...FIRST,
      3: { kind: 'FIFO', ino: 10, flags: '02000000' },
      4: { kind: 'FIFO', ino: 10, flags: '02000001' },
      // Two reading ends, as they are inherited; and a pipe of the same number elsewhere.
      5: { kind: 'FIFO', ino: 11, flags: '0' },
      6: { kind: 'FIFO', ino: 11, flags: '04000' },
      7: { kind: 'FIFO', ino: 10, dev: 2, flags: '1' },
      // Not a pipe.
      8: { kind: 'Socket', ino: 12, flags: '0' },
      9: { kind: 'Socket', ino: 12, flags: '1' },
    });
    expect(givenDescriptors()).toEqual([5, 6, 7, 8, 9]);
  });

  it('are both ends of a pipe if it has a name, or is a standard stream', () => {
    open({
      ...FIRST,
      3: { kind: 'FIFO', ino: 10, flags: '0', path: '/tmp/queue' },
      4: { kind: 'FIFO', ino: 10, flags: '1', path: '/tmp/queue' },
      5: { kind: 'FIFO', ino: 2, flags: '0' },
      6: { kind: 'FIFO', ino: 2, flags: '1' },
    });
    expect(givenDescriptors()).toEqual([3, 4, 5, 6]);
  });

  it('are not two of one pipe where the system does not tell the ends apart', () => {
    open({
      ...FIRST,
      3: { kind: 'FIFO', ino: 10, flags: null },
      4: { kind: 'FIFO', ino: 10, flags: null },
      5: { kind: 'FIFO', ino: 11, flags: null },
    });
    expect(givenDescriptors()).toEqual([5]);
  });

  it.each(['-j --jobserver-auth=3,4', '--jobserver-fds=3,4 -j'])(
    'are those of the job server of make: %s',
    (flags) => {
      vi.stubEnv('MAKEFLAGS', flags);
      open({
        ...FIRST,
        3: { kind: 'FIFO', ino: 10, flags: '0' },
        4: { kind: 'FIFO', ino: 10, flags: '1' },
        5: { kind: 'FIFO', ino: 11, flags: '0' },
        6: { kind: 'FIFO', ino: 11, flags: '1' },
      });
      expect(givenDescriptors()).toEqual([3, 4]);
    },
  );

  it('are not passed on by Windows, or where they cannot be listed', () => {
    open({ ...FIRST, 3: { kind: 'File', ino: 10 } });
    pretend('win32');
    expect(givenDescriptors()).toEqual([]);
    pretend('linux');
    const changes: object = {
      readdirSync() {
        throw new Error('ENOENT');
      },
    };
    replace(fs, changes);
    expect(givenDescriptors()).toEqual([]);
  });
});

describe('a descriptor', () => {
  it('stays open by itself unless it is closed on exec, or nobody knows', () => {
    open({
      3: { kind: 'File', ino: 1, flags: '02000001' },
      4: { kind: 'File', ino: 2, flags: '0100001' },
      5: { kind: 'File', ino: 3, flags: null },
    });
    expect([3, 4, 5, 6].map(staysOpen)).toEqual([false, true, false, false]);
  });
});
