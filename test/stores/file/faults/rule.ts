import { expect } from 'vitest';
import { remedyFor } from '../../../../src/core/remedies.js';
import { ErrLockBusy, ErrLockLost, ErrLockStore } from '../../../../src/index.js';
import type { Fault } from './disk.js';
import type { Operation } from './operations.js';
import type { Scene } from './scene.js';

/**
 * Lets a fault strike an operation, and checks what has to hold whatever the fault is:
 *
 * 1. A failure names the fault: it is an `ErrLockStore` with the system's code, the path, and what to do. `ErrLockLost` comes only to
 *    those whose lock is gone, and `ErrLockBusy` only with the holder whom the file names: what cannot be read proves
 *    nobody's death.
 * 2. Who believes to hold the lock is whom the file names, and can go on to beat and to release. Where the file is gone
 *    since, because somebody has cleaned the folder, or because a release that seemed to fail has not, the next heartbeat says so.
 * 3. If nobody believes to hold the lock, the next one acquires at once: any process; but if the disk stayed broken, so
 *    that nothing could be put in order, this one when it tries again, and others when it has ended.
 * 4. No more lies in the folder than before; if the disk stayed broken, no more than the next takeover removes.
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
    // That it is gone shows when the next one acquires.
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
