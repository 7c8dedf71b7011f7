import assert from 'node:assert/strict';
import { ErrLockBusy } from '../../../core/errors.js';
import { acquire, breakLock, inspect } from '../../../stores/default-locks.js';
import { assertNoWork, done, NO_WORK, notDone, type Rules } from '../stage.js';

const HOUR = 3_600_000;
/** In milliseconds: short enough for a test to wait for it. */
const MOMENT = 40;
/** The options of an owner that stays in charge. */
const IN_CHARGE = { holdAtLeast: HOUR, owner: 'server-1', sticky: true };

/** `remove` of a lock that still counts as held for a while. */
export const holds: Rules = {
  async 'keeps the record of a lock that was released early'(stage) {
    const holder = stage.claim({ owner: 'server-1' });
    const claimed = await stage.hold(holder);
    const released = done(await stage.remove(holder.token, HOUR), 'remove');
    assert.equal(released.hold, HOUR);
    const { record, age } = await stage.find();
    assert.deepEqual(record, released, '`remove` and `read` return different records.');
    const { timestamp, monotonic } = record;
    assert.deepEqual(record, { ...claimed, timestamp, monotonic, ...NO_WORK, hold: HOUR });
    assert.ok(timestamp >= claimed.timestamp, 'The release is dated before the claim.');
    assert.ok(age < HOUR, `The lock was just released, but its age is ${age} ms.`);
  },

  async 'keeps nothing about the work of a lock that was released early'(stage) {
    const { token } = await stage.work();
    for (let count = 1; count <= 2; count++) {
      assertNoWork(done(await stage.remove(token, HOUR), 'remove'));
      assertNoWork((await stage.find()).record);
    }
  },

  async 'counts the age of a lock that was released early from its release'(stage) {
    const holder = await stage.holder();
    await stage.until(
      async () => (await stage.find()).age > MOMENT,
      'The age of a record in the store does not grow.',
    );
    const before = performance.now();
    await stage.remove(holder.token, HOUR);
    const { age } = await stage.find();
    // Clocks differ a little in speed and in resolution.
    const atMost = (performance.now() - before) * 1.1 + 5;
    assert.ok(age <= atMost, 'The age still counts from the last heartbeat.');
  },

  async 'does not renew the heartbeat of a holder that has released early'(stage) {
    const holder = await stage.holder();
    await stage.remove(holder.token, HOUR);
    const { version } = await stage.find();
    notDone(await stage.beat(holder.token), 'The heartbeat of a released lock was renewed.');
    assert.equal((await stage.find()).version, version, 'A heartbeat that was refused changed the lock.');
  },

  async 'repeats an early release for a holder that did not get the answer, and for nobody else'(stage) {
    const holder = await stage.holder();
    done(await stage.remove(holder.token, HOUR), 'remove');
    done(await stage.remove(holder.token, HOUR), 'remove');
    notDone(await stage.remove('another token', HOUR), 'Somebody else released the lock.');

    const successor = await stage.takeOver();
    assert.equal(successor.hold, null);
    notDone(await stage.remove(holder.token, HOUR), 'A holder released the lock of its successor.');
    assert.deepEqual((await stage.find()).record, successor);
  },

  async 'releases a lock at once if it is to be held for no time'(stage) {
    const holder = await stage.holder();
    done(await stage.remove(holder.token, 0), 'remove');
    assert.equal(await stage.read(), null);
  },

  async 'is busy after its release until `holdAtLeast` is over'(stage) {
    const { store, name } = stage;
    const lock = await acquire(name, { store, holdAtLeast: HOUR });
    await lock.release();
    for (const client of await stage.clients(2)) {
      assert.equal((await inspect(name, { store: client })).state, 'cooldown');
      await assert.rejects(acquire(name, { store: client }), ErrLockBusy);
    }
    await assert.rejects(breakLock(name, { store }), ErrLockBusy);
    await breakLock(name, { store, force: true });
    assert.equal((await inspect(name, { store })).state, 'free');
  },

  async 'is given again to the same sticky owner, and to nobody else'(stage) {
    const { store, name } = stage;
    const [one, other] = await stage.clients(2);
    let before = await acquire(name, { ...IN_CHARGE, store });
    for (let count = 1; count <= 2; count++) {
      await assert.rejects(acquire(name, { ...IN_CHARGE, store: one }), ErrLockBusy);
      await before.release();
      await assert.rejects(acquire(name, { ...IN_CHARGE, store: other, owner: 'server-2' }), ErrLockBusy);
      await assert.rejects(acquire(name, { store: other, owner: 'server-1' }), ErrLockBusy);
      const again = await acquire(name, { ...IN_CHARGE, store: one });
      assert.ok(again.fencingToken > before.fencingToken);
      await again.heartBeat({ note: 'again' });
      const { record } = await stage.find();
      assert.equal(record.token, again.token);
      assert.equal(record.hold, null);
      before = again;
    }
    await before.release();
    assert.equal((await inspect(name, { store })).state, 'cooldown');
    await breakLock(name, { store, force: true });
  },

  async 'is given to only one of two sticky contenders of the same owner'(stage) {
    const { name } = stage;
    await (await acquire(name, { ...IN_CHARGE, store: stage.store })).release();
    const clients = await stage.clients(4);
    const outcomes = await Promise.allSettled(clients.map((store) => acquire(name, { ...IN_CHARGE, store })));
    const winners = outcomes.filter(({ status }) => status === 'fulfilled');
    assert.equal(winners.length, 1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        assert.ok(outcome.reason instanceof ErrLockBusy, String(outcome.reason));
    }
  },

  async 'is free when `holdAtLeast` is over'(stage) {
    const { store, name } = stage;
    const lock = await acquire(name, { store, holdAtLeast: `${5 * MOMENT}ms` });
    await lock.release();
    await stage.until(
      async () => (await inspect(name, { store })).state === 'free',
      'A lock that was to be held for a moment is held forever.',
    );
    const next = await acquire(name, { store });
    assert.ok(next.fencingToken > lock.fencingToken);
    await next.release();
  },
};
