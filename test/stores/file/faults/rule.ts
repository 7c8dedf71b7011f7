import { expect } from 'vitest';
import { remedyFor } from '../../../../src/core/system-error-remedies.js';
import { ErrLockBusy, ErrLockLost, ErrLockStore } from '../../../../src/index.js';
import type { Fault } from './disk.js';
import type { Operation } from './operations.js';
import type { Scene } from './scene.js';

/**
 * Lets a fault strike an operation, and checks what must hold whatever the fault is:
 *
 * 1. A failure names the fault: it is an `ErrLockStore` with the system's code, the path, and what to do. `ErrLockLost` comes only if
 *    the lock is gone, and `ErrLockBusy` only with the holder that the file names: a file that cannot be read proves
 *    nobody's death.
 * 2. A process that believes it holds the lock is the one that the file names, and can send heartbeats and release. If the file has
 *    gone, because somebody cleaned the folder, or because a release that seemed to fail succeeded, the next heartbeat says so.
 * 3. If nobody believes to hold the lock, the next process acquires it at once. If the disk stayed broken, so
 *    that nothing could be cleaned up, this process does when it tries again, and others do when it has ended.
 * 4. The folder contains no more than before; if the disk stayed broken, no more than the next takeover removes.
 */
export async function expectToEndure(scene: Scene, operation: Operation, fault: Fault): Promise<void> {
  await operation.prepare(scene);
  const litter = scene.litter.length;
  scene.disk.strikeWith(fault);
  const failure = await scene.failureOf(operation.run(scene));
  scene.disk.heal();

  if (failure !== null) expectToNameTheFault(scene, failure, fault);
  if (fault.lasts === 'once')
    expect(scene.litter.length, `litter: ${scene.litter}`).toBeLessThanOrEqual(litter);
  await expectHolderToGoOn(scene, fault);
  const isInOrder = fault.lasts === 'once' && litter === 0;
  if (isInOrder) await expectAnyoneToAcquire(scene);
  else await expectTakeoverToCleanUp(scene, fault);
}

function expectToNameTheFault({ world, held, record }: Scene, failure: unknown, { code }: Fault): void {
  if (failure instanceof ErrLockLost) {
    // The next acquisition shows that it is gone.
    expect(held).toBeNull();
    return;
  }
  if (failure instanceof ErrLockBusy) {
    if (record !== null) expect(failure.holder?.token).toBe(record.token);
    return;
  }
  if (!(failure instanceof ErrLockStore)) throw failure;
  expect(failure.code).toMatch(code);
  expect(failure.message).toContain(world.path);
  expect(failure.message).toContain(`. ${remedyFor(failure.code)}`);
  expect(remedyFor(failure.code)).not.toBe('');
}

async function expectHolderToGoOn(scene: Scene, { code, lasts }: Fault): Promise<void> {
  const { held, world } = scene;
  if (held === null) return;
  const mayBeGone = code === 'ENOENT' || (scene.hasTriedToRelease && lasts === 'on and on');
  if (scene.record === null && mayBeGone) {
    await expect(scene.heartBeat()).rejects.toThrow(ErrLockLost);
    return;
  }
  expect(scene.record?.token).toBe(held.token);
  await expect(world.acquire()).rejects.toThrow(ErrLockBusy);
  await scene.heartBeat();
  await scene.release();
}

async function expectAnyoneToAcquire({ world }: Scene): Promise<void> {
  const next = await world.acquire();
  await next.release();
}

async function expectTakeoverToCleanUp(scene: Scene, { lasts }: Fault): Promise<void> {
  const { world, actor } = scene;
  const next = lasts === 'once' ? world.processes.start() : actor;
  await world.acquire(next);
  next.kill();
  actor.kill();
  const heir = await world.acquire();
  expect(scene.litter).toEqual([]);
  await heir.release();
}
