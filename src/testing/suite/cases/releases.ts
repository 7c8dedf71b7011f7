import assert from 'node:assert/strict';
import { assertNoWork, done, notDone } from '../stage.js';
import type { Rules } from './case.js';

/** `remove`. */
export const releases: Rules = {
  async 'removes for the token that holds the lock, and for no other'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const { version } = await stage.find();

    const outcome = await store.remove(name, 'another token');
    notDone(outcome, 'Somebody else has released the lock.');
    assert.equal(
      outcome.done ? null : outcome.found?.token,
      holder.token,
      'It was not said who holds the lock.',
    );
    assert.equal((await stage.find()).version, version, 'A release that was not done has changed the lock.');
    assert.equal(done(await store.remove(name, holder.token), 'remove').token, holder.token);
    assert.equal(await store.read(name), null, 'A lock that was released is still there.');
  },

  async 'removes once'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    assert.deepEqual(await store.remove(name, holder.token), { done: false, found: null });
    await stage.hold(holder);
    await store.remove(name, holder.token);
    const again = await store.remove(name, holder.token);
    assert.ok(again.done || again.found === null, 'A lock that was released is said to be held.');
    assert.equal(await store.read(name), null, 'A lock that was released twice is still there.');

    await stage.hold();
    notDone(await store.remove(name, holder.token), 'A lock was released for somebody else.');
    await stage.find();
  },

  async 'keeps nothing of the work of a lock that was released'(stage) {
    const { store, name } = stage;
    const { token } = await stage.work();
    done(await store.remove(name, token), 'remove');
    // A store that keeps a row for the fencing token shows it when a release is repeated because its answer was lost.
    const again = await store.remove(name, token);
    if (again.done) assertNoWork(again.record);
  },

  async 'does not remove for who was taken over'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const successor = await stage.hold(stage.claim(), (await stage.find()).version);
    const outcome = await store.remove(name, holder.token);
    notDone(outcome, 'A holder that was taken over has released its successor.');
    assert.equal(outcome.done ? null : outcome.found?.token, successor.token);
    assert.equal((await stage.find()).record.token, successor.token);
  },

  async 'gives a lock that was released to the next'(stage) {
    for (let count = 1; count <= 3; count++) {
      const holder = stage.claim();
      await stage.hold(holder);
      assert.equal((await stage.find()).record.token, holder.token);
      done(await stage.store.remove(stage.name, holder.token), 'remove');
    }
  },
};
