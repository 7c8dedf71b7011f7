import { constants } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WindowsLife } from '../../../src/system/signs-of-life/windows.js';
import { systemError } from '../../../support/world.js';

describe('a sign of life on Windows', () => {
  /** The files of a machine: each is there as long as a process has it open for itself. */
  function machine() {
    const kept = new Map<number, string>();
    const flags: number[] = [];
    const life = new WindowsLife({
      openSync(path, flag) {
        flags.push(flag);
        const isKept = [...kept.values()].includes(path);
        if (isKept) throw systemError((flag & constants.O_EXCL) === 0 ? 'EBUSY' : 'EEXIST');
        if ((flag & constants.O_CREAT) === 0) throw systemError('ENOENT');
        kept.set(7, path);
        return 7;
      },
      closeSync(descriptor) {
        if (!kept.delete(descriptor)) throw systemError('EBADF', 'close');
      },
    });
    return { life, flags };
  }

  it('proves that its keeper is alive, and nothing when it is gone', async () => {
    const { life } = machine();
    expect(await life.ask('sign')).toBe('unknown');
    const sign = life.keep('sign');
    expect(await life.ask('sign')).toBe('alive');
    sign?.close();
    expect(await life.ask('sign')).toBe('unknown');
    expect(() => sign?.close()).not.toThrow();
  });

  it('is a new file, opened without sharing and removed with its keeper', () => {
    const { life, flags } = machine();
    life.keep('sign');
    // UV_FS_O_EXLOCK and UV_FS_O_TEMPORARY, in libuv's uv/win.h.
    const special = 0x10000000 | 0x40;
    expect(flags).toEqual([constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | special]);
    expect(life.keep('sign')).toBeNull();
  });

  it('that can be opened has no keeper, which proves nothing', async () => {
    const closed: number[] = [];
    const life = new WindowsLife({
      openSync: () => 8,
      closeSync: (descriptor) => void closed.push(descriptor),
    });
    expect(await life.ask('sign')).toBe('unknown');
    expect(closed).toEqual([8]);
  });
});
