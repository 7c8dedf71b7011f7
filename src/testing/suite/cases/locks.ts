import assert from 'node:assert/strict';
import { ErrLockBusy, ErrLockLost } from '../../../core/errors.js';
import type { Lock } from '../../../core/held/lock.js';
import { acquire, breakLock, inspect } from '../../../stores/default-locks.js';
import type { Rules, Stage } from '../stage.js';

/** Short enough for a test to wait for it. */
const SHORT_TIMEOUT = '40ms';

/** What users do with locks in the store. */
export const locks: Rules = {
  async 'is acquired, kept alive and released'(stage) {
    const { store, name } = stage;
    const lock = await acquireFrom(stage);
    assert.equal(lock.name, name);
    await lock.heartBeat({ progress: 0.4, note: 'table 4 of 10' });
    const { state, holder } = await inspect(name, { store });
    assert.equal(state, 'live');
    assert.equal(holder?.token, lock.token);
    assert.deepEqual(holder.progress, { ratio: 0.4, note: 'table 4 of 10' });
    await lock.release();
    await lock.release();
    assert.equal((await inspect(name, { store })).state, 'free');
  },

  async 'is busy while its holder is alive, whichever client asks'(stage) {
    const lock = await acquireFrom(stage);
    for (const store of await stage.clients(3)) {
      await assert.rejects(acquire(stage.name, { store }), (error) => {
        assert.ok(error instanceof ErrLockBusy, `Not busy, but ${error}`);
        assert.equal(error.holder?.token, lock.token);
        return true;
      });
    }
    await lock.release();
  },

  async 'is taken over at once from a dead holder'(stage) {
    const { store, name } = stage;
    const claim = stage.claim({ process: stage.dead() });
    const { fencingToken } = await stage.hold(claim);
    const progress = { ratio: 0.4, note: 'table 4 of 10' };
    await stage.beat(claim.token, { progress });
    assert.equal((await inspect(name, { store })).state, 'dead');
    const lock = await acquireFrom(stage);
    assert.ok(lock.fencingToken > (fencingToken ?? 0));
    assert.equal(lock.predecessor?.state, 'dead');
    assert.deepEqual(lock.predecessor.record?.progress, progress);
    await lock.release();
  },

  async 'stays held while a worker of a dead holder is alive'(stage) {
    await stage.hold(stage.claim({ process: stage.dead(), workers: [stage.self] }));
    await assert.rejects(acquireFrom(stage), ErrLockBusy);
  },

  async 'is not taken over while its heartbeat is fresh if nothing else is known about its holder'(stage) {
    const elsewhere = {
      pid: 4242,
      hostname: 'another-machine',
      bootId: null,
      pidNamespace: 'another namespace',
      started: '1',
    };
    await stage.hold(stage.claim({ process: elsewhere }));
    await assert.rejects(acquireFrom(stage), ErrLockBusy);
  },

  async 'is taken over from a stalled holder, which learns of it'(stage) {
    const { store, name } = stage;
    const options = { store, staleTimeout: SHORT_TIMEOUT, heartbeatMinimalInterval: 0 } as const;
    const stalled = await acquire(name, options);
    await stage.until(
      async () => (await inspect(name, { store })).state === 'stalled',
      'A holder that sends no heartbeat does not count as stalled.',
    );
    const lock = await acquire(name, options);
    assert.ok(lock.fencingToken > stalled.fencingToken);
    await assert.rejects(stalled.heartBeat(), (error) => {
      assert.ok(error instanceof ErrLockLost, `Not lost, but ${error}`);
      // A slow store may not have said in time who holds the lock now.
      if (error.successor !== null) assert.equal(error.successor.token, lock.token);
      return true;
    });
    await assert.rejects(stalled.release(), ErrLockLost);
    // The same goes for this one, which has as little time.
    await lock.release().catch((error) => assert.ok(error instanceof ErrLockLost, `Not lost, but ${error}`));
  },

  async 'is broken if its holder is dead, and only by force if it is alive'(stage) {
    const { store, name } = stage;
    await stage.hold(stage.claim({ process: stage.dead() }));
    assert.equal((await breakLock(name, { store })).state, 'dead');
    assert.equal(await stage.read(), null);

    const lock = await acquireFrom(stage);
    await assert.rejects(breakLock(name, { store }), ErrLockBusy);
    await breakLock(name, { store, force: true });
    assert.equal(await stage.read(), null);
    await assert.rejects(lock.heartBeat(), ErrLockLost);
  },
};

/** Every heartbeat is written. */
function acquireFrom({ store, name }: Stage): Promise<Lock> {
  return acquire(name, { store, heartbeatMinimalInterval: 0 });
}
