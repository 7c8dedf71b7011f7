import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { insistentFileSystem } from '../../../src/stores/file/insistent-file-system.js';
import { fileSystemWith, systemError, temporaryFolder } from '../../../support/world.js';

describe('while another process has a file open, on Windows', () => {
  /** Every call fails with these codes, one after the other, and then succeeds. */
  function disk(codes: readonly string[], slowness = 1) {
    let time = 0;
    const left = [...codes];
    const called: string[] = [];
    const refuse = (call: string) => {
      called.push(call);
      const code = left.shift();
      if (code !== undefined) throw systemError(code, call);
    };
    const fs = fileSystemWith({
      openSync() {
        refuse('open');
        return 7;
      },
      unlinkSync: () => refuse('unlink'),
      rmdirSync: () => refuse('rmdir'),
      renameSync: () => refuse('rename'),
      writeFileAtomicSync: () => refuse('write'),
    });
    const pauses: number[] = [];
    const patience = {
      now: () => time,
      pause(milliseconds: number) {
        pauses.push(milliseconds);
        time += Math.max(slowness, milliseconds);
      },
    };
    return { fs: insistentFileSystem(fs, patience), called, pauses, time: () => time };
  }

  const BUSY = ['EPERM', 'EACCES', 'EBUSY'];

  it.each([
    ['opened', 'open', (fs: Disk) => fs.openSync('lock', 'r')],
    ['removed', 'unlink', (fs: Disk) => fs.unlinkSync('lock')],
    ['replaced', 'rename', (fs: Disk) => fs.renameSync('staged', 'lock')],
    ['written', 'write', (fs: Disk) => fs.writeFileAtomicSync('lock', '{}')],
  ] as const)('it is %s as soon as that is possible', (_, name, call) => {
    const { fs, called, pauses } = disk(BUSY);
    call(fs);
    expect(called).toEqual([name, name, name, name]);
    expect(pauses).toHaveLength(3);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(10);
  });

  it('a folder with it is removed as soon as that is possible', () => {
    const { fs, called } = disk(['EBUSY']);
    fs.rmdirSync('guard');
    expect(called).toEqual(['rmdir', 'rmdir']);
  });

  it('it is left alone if it is a sign of life, which is open as long as its keeper lives', () => {
    const { fs, called } = disk(['EBUSY']);
    const sign = 'C:\\locks\\job.lock.life.6c1f7c3e0a7e4f7e9a53.19z2.0';
    expect(() => fs.unlinkSync(sign)).toThrow('EBUSY');
    expect(called).toEqual(['unlink']);
  });

  it('it is tried for two seconds', () => {
    const { fs, time } = disk(Array.from({ length: 9999 }, () => 'EPERM'));
    expect(() => fs.renameSync('staged', 'lock')).toThrow('EPERM');
    expect(time()).toBeGreaterThanOrEqual(2000);
    expect(time()).toBeLessThan(2020);
  });

  it.each([
    ['a hundred times', 50, 100],
    ['for ten seconds', 1000, 11],
  ])('it is tried %s on a machine where each try takes %d ms', (_, slowness, tries) => {
    const refusals = (count: number) => Array.from({ length: count }, () => 'EPERM');
    disk(refusals(tries - 1), slowness).fs.renameSync('staged', 'lock');
    const { fs, called } = disk(refusals(9999), slowness);
    expect(() => fs.renameSync('staged', 'lock')).toThrow('EPERM');
    expect(called).toHaveLength(tries);
  });

  it.each(['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EIO'])('it is not tried again after %s', (code) => {
    const { fs, called } = disk([code]);
    expect(() => fs.rmdirSync('guard')).toThrow(code);
    expect(called).toEqual(['rmdir']);
  });

  it("a folder in the way is somebody else's guard, and stays", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'guard'));
    writeFileSync(join(folder, 'lock'), '');
    const { fs, called } = disk(['EPERM', 'EPERM']);
    expect(() => fs.renameSync('entrance', join(folder, 'guard'))).toThrow('EPERM');
    expect(called).toEqual(['rename']);
    fs.renameSync('staged', join(folder, 'lock'));
    expect(called).toEqual(['rename', 'rename', 'rename']);
  });
});

type Disk = ReturnType<typeof fileSystemWith>;
