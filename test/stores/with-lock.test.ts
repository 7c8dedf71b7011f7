import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from 'vitest';
import {
  type AcquireOptions,
  type Attempt,
  ErrLockBusy,
  ErrLockLost,
  ErrLockStore,
  type Lock,
  type Store,
  tryWithLock,
  type Work,
  withLock,
} from '../../src/index.js';
import { systemFileSystem } from '../../src/stores/file/file-system.js';
import { fileStore } from '../../src/stores/file/index.js';
import { fileSystemWith, HOUR, MINUTE, systemError, temporaryFolder, World } from '../../support/world.js';

describe('withLock', () => {
  const held: Lock[] = [];

  it('returns what the work returns, and releases', async () => {
    const path = join(temporaryFolder(), 'job.lock');
    const result = await withLock(path, { staleTimeout: '2h' }, async (lock) => {
      held.push(lock);
      await lock.heartBeat();
      return 42;
    });
    expect(result).toBe(42);
    expect(existsSync(path)).toBe(false);
    expect(await withLock(path, () => 'no options')).toBe('no options');
  });

  it('takes options that may be undefined, and any thenable', async () => {
    const path = join(temporaryFolder(), 'job.lock');
    const thenable: PromiseLike<number> = Promise.resolve(42);
    const run = (options?: AcquireOptions) => withLock(path, options, () => thenable);
    expectTypeOf(run).returns.toEqualTypeOf<Promise<number>>();
    expect(await run()).toBe(42);
    expect(await tryWithLock(path, undefined, () => thenable)).toEqual({ ran: true, value: 42 });
  });

  it('has the type of what the work returns', () => {
    const either = ({ fencingToken }: Lock) => (fencingToken > 0 ? 'a' : undefined);
    const work: Work<string> = async () => 'a';
    const wrapped = <T>(its: Work<T>): Promise<T> => withLock('job', its);
    expectTypeOf(() => withLock('job', () => {})).returns.resolves.toEqualTypeOf<void>();
    expectTypeOf(() => withLock('job', async () => {})).returns.resolves.toEqualTypeOf<void>();
    expectTypeOf(() =>
      withLock('job', {}, async (lock) => lock.name),
    ).returns.resolves.toEqualTypeOf<string>();
    expectTypeOf(() => withLock('job', either)).returns.resolves.toEqualTypeOf<'a' | undefined>();
    expectTypeOf(() => withLock('job', async (lock) => either(lock))).returns.resolves.toEqualTypeOf<
      'a' | undefined
    >();
    expectTypeOf(() => wrapped(work)).returns.resolves.toEqualTypeOf<string>();
    expectTypeOf(() => tryWithLock('job', work)).returns.resolves.toEqualTypeOf<Attempt<string>>();
  });

  it.each<[string, () => unknown]>([
    ['a generator', function* () {}],
    ['an asynchronous generator', async function* () {}],
    // Such as `rows().map(…)` (Iterator.prototype.map), and what compilers for older targets make of a generator.
    ['what wraps a generator', () => ({ next() {}, return() {}, [Symbol.iterator]() {} })],
    ['what wraps an asynchronous generator', () => ({ next() {}, return() {}, [Symbol.asyncIterator]() {} })],
  ])('refuses %s, which would do its work after the release', async (_, work) => {
    const path = join(temporaryFolder(), 'job.lock');
    const refusal = expect.objectContaining({
      name: 'TypeError',
      message: expect.stringContaining('returned a generator'),
    });
    await expect(withLock(path, work)).rejects.toEqual(refusal);
    await expect(tryWithLock(path, work)).rejects.toEqual(refusal);
    expect(existsSync(path)).toBe(false);
  });

  it.each<[string, unknown]>([
    ['an array', []],
    ['an iterator of one', [1].values()],
    ['a stream', Readable.from([])],
    [
      'what refuses unknown properties',
      new Proxy(
        {},
        {
          get(_, name) {
            if (name === 'next') throw new ReferenceError(`not found: ${name}`);
          },
        },
      ),
    ],
    ['null', null],
  ])('returns %s', async (_what, result) => {
    expect(await withLock(join(temporaryFolder(), 'job.lock'), () => result)).toBe(result);
  });

  it('releases when the work fails, and passes on its error', async () => {
    const path = join(temporaryFolder(), 'job.lock');
    const failure = new Error('disk on fire');
    await expect(withLock(path, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(existsSync(path)).toBe(false);
  });

  it('reports that the lock could not be removed, and keeps trying', async () => {
    const world = new World();
    let isBroken = true;
    const fileSystem = fileSystemWith({
      unlinkSync(path) {
        if (isBroken && path === world.path) throw systemError('EIO', 'unlink');
        systemFileSystem.unlinkSync(path);
      },
    });
    const dependencies = world.as();
    const store = fileStore({ ...dependencies, fileSystem });
    const working = withLock(world.path, { dependencies, store }, () => 'done');
    await expect(working).rejects.toMatchObject({ code: 'EIO' });
    await world.clock.advance(MINUTE);
    expect(world.files).toEqual(['job.lock']);
    isBroken = false;
    await world.clock.advance(MINUTE);
    expect(world.files).toEqual([]);
    expect(await withLock(world.path, { dependencies, store }, () => 'again')).toBe('again');
  });

  it.each([
    ['of the file system', systemError('EIO', 'unlink'), /^Cannot release .*job\.lock: EIO.* tries again/],
    [
      'of a store with a bug',
      new TypeError('not a function'),
      /^Cannot release .*job\.lock: not a function\. /,
    ],
  ])(
    'passes on the error of the work, and warns that the lock could not be removed: an error %s',
    async (_whose, error, message) => {
      const world = new World();
      const dependencies = world.as();
      let isBroken = true;
      const working = fileStore(dependencies);
      const store: Store = {
        resolve: (name) => working.resolve(name),
        read: (name) => working.read(name),
        claim: (...claim) => working.claim(...claim),
        beat: (...beat) => working.beat(...beat),
        remove: (...removal) => {
          if (isBroken)
            throw error instanceof TypeError ? error : ErrLockStore.from(world.path, 'release', error);
          return working.remove(...removal);
        },
      };
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      onTestFinished(() => warn.mockRestore());

      const failure = new Error('disk on fire');
      const failing = withLock(world.path, { dependencies, store }, () => Promise.reject(failure));
      await expect(failing).rejects.toBe(failure);
      expect(warn.mock.calls).toEqual([
        [expect.stringMatching(message), { type: 'LivingLockWarning', code: 'LIVINGLOCK_NOT_RELEASED' }],
      ]);
      expect(world.files).toEqual(['job.lock']);

      isBroken = false;
      await world.clock.advance(MINUTE);
      expect(world.files).toEqual([]);
    },
  );

  it('rejects when the lock was lost meanwhile, although the work was done', async () => {
    const world = new World();
    const holder = world.processes.start();
    const working = withLock(world.path, { dependencies: world.as(holder) }, async () => {
      await world.clock.advance(2 * HOUR);
      await world.acquire();
    });
    await expect(working).rejects.toThrow(ErrLockLost);
  });

  it('rejects with the loss; the error of the work is its cause', async () => {
    const world = new World();
    const failure = new Error('my file is gone');
    const working = withLock(world.path, { dependencies: world.as(world.processes.start()) }, async () => {
      await world.clock.advance(2 * HOUR);
      await world.acquire();
      throw failure;
    });
    await expect(working).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', cause: failure });
    // A cause is not part of what is written as JSON: it may contain secrets.
    const error = await working.catch((reason: unknown) => reason);
    expect(Object.keys(Object(error))).not.toContain('cause');
  });

  it('has no cause that leads back to the loss, as the error of what was passed `lock.signal`', async () => {
    const world = new World();
    const options = { dependencies: world.as(world.processes.start()), heartbeatMinimalInterval: 0 };
    const working = withLock(world.path, options, async ({ signal }) => {
      const slept = sleep(60_000, undefined, { signal }).catch((error: unknown) => error);
      await world.clock.advance(2 * HOUR);
      await world.acquire();
      await world.clock.advance(MINUTE);
      throw await slept;
    });
    await expect(working).rejects.toThrow(ErrLockLost);
    await expect(working).rejects.not.toHaveProperty('cause');
  });

  it('rejects with the loss itself if that is what ended the work', async () => {
    const world = new World();
    const working = withLock(
      world.path,
      { dependencies: world.as(world.processes.start()), heartbeatMinimalInterval: 0 },
      async (lock) => {
        await world.clock.advance(2 * HOUR);
        await world.acquire();
        await lock.heartBeat();
      },
    );
    await expect(working).rejects.toThrow(ErrLockLost);
    await expect(working).rejects.not.toHaveProperty('cause');
  });

  it('does not start the work when the lock is busy', async () => {
    const world = new World();
    await world.acquire(world.processes.start());
    let worked = false;
    const refused = withLock(world.path, { dependencies: world.as() }, () => {
      worked = true;
    });
    await expect(refused).rejects.toThrow(ErrLockBusy);
    expect(worked).toBe(false);
  });
});

describe('tryWithLock', () => {
  it('runs the work while it holds the lock, and says what it returned', async () => {
    const world = new World();
    const options = { dependencies: world.as() };
    const attempt = await tryWithLock(world.path, options, (lock) => [world.files, lock.fencingToken]);
    expect(attempt).toEqual({ ran: true, value: [['job.lock'], expect.any(Number)] });
    expect(world.files).toEqual([]);
    expect(await tryWithLock(join(temporaryFolder(), 'job.lock'), () => 42)).toEqual({
      ran: true,
      value: 42,
    });
  });

  it('skips the work while somebody else holds the lock, and says who', async () => {
    const world = new World();
    const holder = world.processes.start();
    await world.acquire(holder);
    const { ran, busy } = await tryWithLock(world.path, { dependencies: world.as() }, () => {
      throw new Error('two at once');
    });
    expect(ran).toBe(false);
    expect(busy).toBeInstanceOf(ErrLockBusy);
    expect(busy?.holder?.processId).toBe(holder.pid);
  });

  it('skips the work if the lock is still busy after `wait`', async () => {
    const world = new World();
    const lock = await world.acquire(world.processes.start());
    const attempt = () => tryWithLock(world.path, { dependencies: world.as(), wait: MINUTE }, () => 'done');
    const first = attempt();
    await world.clock.advance(2 * MINUTE);
    expect(await first).toMatchObject({ ran: false });
    const second = attempt();
    await lock.release();
    await world.clock.advance(MINUTE);
    expect(await second).toEqual({ ran: true, value: 'done' });
  });

  it('does not take a busy lock of the work itself for its own', async () => {
    const world = new World();
    const other = new World();
    await other.acquire(other.processes.start());
    const work = () => withLock(other.path, { dependencies: other.as() }, () => 'never');
    await expect(tryWithLock(world.path, { dependencies: world.as() }, work)).rejects.toThrow(ErrLockBusy);
    expect(world.files).toEqual([]);
  });

  it('swallows nothing else: neither a loss nor a failure, and no file that is not a lock', async () => {
    const world = new World();
    const lost = tryWithLock(world.path, { dependencies: world.as(world.processes.start()) }, async () => {
      await world.clock.advance(2 * HOUR);
      await world.acquire();
    });
    await expect(lost).rejects.toThrow(ErrLockLost);
    const path = join(temporaryFolder(), 'job.lock');
    const failure = new Error('disk on fire');
    await expect(tryWithLock(path, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, '#!/bin/sh\n');
    await expect(tryWithLock(path, () => 1)).rejects.toMatchObject({ code: 'ERR_NOT_A_LOCK' });
  });
});
