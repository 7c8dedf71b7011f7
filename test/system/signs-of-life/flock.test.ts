import fs, { constants, linkSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { acquire, ErrLockBusy, type ProcessTable } from '../../../src/index.js';
import { fileStore } from '../../../src/stores/file/index.js';
import { systemClock } from '../../../src/system/clock.js';
import { HostProcessTable } from '../../../src/system/processes/host-process-table.js';
import { PosixProbe } from '../../../src/system/processes/posix.js';
import { FlockLife, type LockingFiles, O_EXLOCK, O_SHLOCK } from '../../../src/system/signs-of-life/flock.js';
import { lifeOf } from '../../../src/system/signs-of-life/system.js';
import { FakeClock } from '../../../src/testing/index.js';
import { someIdentity, systemError, temporaryFolder } from '../../../support/world.js';

const SYSCTL = '/usr/sbin/sysctl';

/** The files of this machine, with the locks of macOS: of whoever opened a file, until it is closed everywhere. */
class MadeUpKernel {
  readonly #locks = new Map<
    number,
    { readonly inode: number; readonly process: string; readonly isShared: boolean }
  >();
  /** What cannot be locked: as a file system without flock(2) says. */
  refusal: string | null = null;

  filesOf(process: string): LockingFiles {
    return {
      openSync: (path, flags, mode) => {
        if (this.refusal !== null) throw systemError(this.refusal);
        const isShared = (flags & O_SHLOCK) !== 0;
        if (!isShared && (flags & O_EXLOCK) === 0) throw new Error('Opened without a lock.');
        const descriptor = fs.openSync(path, flags & ~(O_SHLOCK | O_EXLOCK), mode);
        const { ino: inode } = fs.fstatSync(descriptor);
        const others = [...this.#locks.values()].filter((lock) => lock.inode === inode);
        if (others.some((lock) => !(lock.isShared && isShared))) {
          fs.closeSync(descriptor);
          throw systemError((flags & constants.O_NONBLOCK) === 0 ? 'EDEADLK' : 'EAGAIN');
        }
        this.#locks.set(descriptor, { inode, process, isShared });
        return descriptor;
      },
      closeSync: (descriptor) => {
        this.#locks.delete(descriptor);
        fs.closeSync(descriptor);
      },
      fchmodSync: fs.fchmodSync,
      lstatSync: (path) => fs.lstatSync(path),
    };
  }

  kill(process: string): void {
    for (const [descriptor, lock] of this.#locks) {
      if (lock.process === process) this.filesOf(process).closeSync(descriptor);
    }
  }
}

let kernel: MadeUpKernel;
let folder: string;
let path: string;

beforeEach(() => {
  kernel = new MadeUpKernel();
  folder = temporaryFolder();
  path = join(folder, 'sign');
});

const lifeOfProcess = (process: string) => new FlockLife(kernel.filesOf(process));

describe.skipIf(process.platform === 'win32')('a file that is locked as on macOS', () => {
  test('tells that its keeper lives, and when it has ended', async () => {
    expect(lifeOfProcess('one').keep(path)).not.toBeNull();
    expect(await lifeOfProcess('other').ask(path)).toBe('alive');
    kernel.kill('one');
    expect(await lifeOfProcess('other').ask(path)).toBe('dead');
    expect(await lifeOfProcess('other').ask(path)).toBe('dead');
  });

  test('tells the same under another name, and after its keeper has closed it', async () => {
    const sign = lifeOfProcess('one').keep(path);
    linkSync(path, join(folder, 'other'));
    expect(await lifeOfProcess('other').ask(join(folder, 'other'))).toBe('alive');
    sign?.close();
    sign?.close();
    expect(await lifeOfProcess('other').ask(join(folder, 'other'))).toBe('dead');
  });

  test('can be asked by several at once', async () => {
    lifeOfProcess('one').keep(path);
    kernel.kill('one');
    const held = kernel.filesOf('a slow asker').openSync(path, constants.O_RDONLY | O_SHLOCK);
    expect(await lifeOfProcess('other').ask(path)).toBe('dead');
    fs.closeSync(held);
  });

  test('tells nothing where none was kept, or something else is', async () => {
    const life = lifeOfProcess('one');
    expect(await life.ask(path)).toBe('unknown');
    writeFileSync(path, 'mine');
    expect(life.keep(path)).toBeNull();
    expect(await life.ask(path)).toBe('unknown');
  });

  test('of another user tells nothing', async () => {
    lifeOfProcess('one').keep(path);
    expect(await lifeOfProcess('other').ask(path, { uid: 12_345 })).toBe('unknown');
    expect(await lifeOfProcess('other').ask(path, { uid: process.geteuid?.() })).toBe('alive');
  });

  test('is not kept on a file system without such locks', async () => {
    kernel.refusal = 'ENOTSUP';
    expect(lifeOfProcess('one').keep(path)).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('can be read by everybody, whatever the umask is', () => {
    const before = process.umask(0o77);
    try {
      lifeOfProcess('one').keep(path);
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(path).mode & 0o777).toBe(0o644);
  });
});

describe.skipIf(process.platform === 'win32')('a lock on macOS', () => {
  /** As one process of one machine sees it. The table knows nothing about anybody else, as without `ps`. */
  function jobOf(process: string) {
    const self = someIdentity({ pidNamespace: null, pid: process.length });
    const liveness = vi.fn<ProcessTable['liveness']>(() => 'unknown');
    const processes: ProcessTable = {
      self: () => self,
      identify: () => null,
      liveness,
      terminate: () => Promise.reject(new Error('never')),
    };
    const dependencies = { clock: new FakeClock(), processes, life: lifeOfProcess(process) };
    const lock = join(folder, 'job.lock');
    return { liveness, acquire: () => acquire(lock, { store: fileStore(dependencies), dependencies }) };
  }

  test('is taken over from a dead holder at once, and respected while it lives, without a look at processes', async () => {
    const [one, other] = [jobOf('one'), jobOf('another')];
    await one.acquire();

    await expect(other.acquire()).rejects.toThrow(ErrLockBusy);
    kernel.kill('one');
    const lock = await other.acquire();
    expect(other.liveness).not.toHaveBeenCalled();
    await lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  describe('of two processes with ps(1)', () => {
    /** And what each of them has started. */
    function programsAnd(process: string) {
      const programs: string[] = [];
      const probe = new PosixProbe((file) => {
        programs.push(file);
        return file.endsWith('sysctl') ? 'B007' : `S Sat Nov 21 08:10:17 2026`;
      });
      const dependencies = {
        clock: systemClock,
        processes: new HostProcessTable(probe, systemClock),
        life: lifeOfProcess(process),
      };
      const options = { store: fileStore(dependencies), dependencies, heartbeatMinimalInterval: 0 };
      return { programs, acquire: () => acquire(join(folder, 'job.lock'), options) };
    }

    test('is acquired, kept, found busy, taken over and released after one question: which boot it is', async () => {
      const [one, other] = [programsAnd('one'), programsAnd('other')];
      const first = await one.acquire();
      await first.heartBeat();
      await expect(other.acquire()).rejects.toThrow(ErrLockBusy);
      kernel.kill('one');
      const second = await other.acquire();
      await second.heartBeat();
      await second.release();
      await (await other.acquire()).release();
      expect([one.programs, other.programs]).toEqual([[SYSCTL], [SYSCTL]]);
    });

    test('is found busy by the start of its holder if that cannot keep a sign of life', async () => {
      const [one, other] = [programsAnd('one'), programsAnd('other')];
      kernel.refusal = 'ENOTSUP';
      const lock = await one.acquire();
      expect(one.programs).toEqual([SYSCTL]);
      await expect(other.acquire()).rejects.toThrow(ErrLockBusy);
      expect(new Set(other.programs)).toEqual(new Set([SYSCTL, '/bin/ps']));
      await lock.release();
    });
  });
});

test('each platform has its own', () => {
  expect(lifeOf('darwin')).toBeInstanceOf(FlockLife);
  expect(lifeOf('freebsd')).toBeInstanceOf(FlockLife);
  expect(lifeOf('linux')?.constructor.name).toBe('LinuxLife');
  expect(lifeOf('aix')).toBeNull();
});
