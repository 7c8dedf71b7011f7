import assert from 'node:assert/strict';
import { notDone } from '../stage.js';
import type { Rules } from './case.js';

/** `read`, and `claim` by one contender after another. */
export const claims: Rules = {
  async 'finds nothing where nobody has claimed'({ store, name }) {
    assert.equal(await store.read(name), null);
  },

  async 'creates where nothing is, once'(stage) {
    const record = await stage.hold();
    notDone(await stage.store.claim(stage.name, stage.claim()), 'A lock that is held was created anew.');
    assert.equal((await stage.find()).record.token, record.token);
  },

  async 'finds the same under each of its clients'(stage) {
    const { token } = await stage.hold();
    for (const client of await stage.clients(3)) {
      const stored = await client.read(stage.name);
      assert.equal(stored?.record?.token, token);
      assert.equal(stored.version, (await stage.find()).version, 'Each client has versions of its own.');
    }
  },

  async 'replaces exactly the version that is named'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const { version } = await stage.find();
    await store.beat(name, holder.token, {});

    notDone(
      await store.claim(name, stage.claim(), version),
      'A holder that gave a heartbeat after it was judged was robbed.',
    );
    assert.equal((await stage.find()).record.token, holder.token);
    const successor = await stage.hold(stage.claim(), (await stage.find()).version);
    assert.equal((await stage.find()).record.token, successor.token);
    notDone(
      await store.claim(name, stage.claim(), version),
      'A lock was taken over a version that was no longer there.',
    );
    assert.equal((await stage.find()).record.token, successor.token);
  },

  async 'does not replace what is gone'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const { version } = await stage.find();
    await store.remove(name, holder.token);
    notDone(
      await store.claim(name, stage.claim(), version),
      'A claim over a version created a lock that was gone.',
    );
    assert.equal(await store.read(name), null);
  },

  async 'does not take a later acquisition for the version that was judged'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const { version } = await stage.find();
    await store.remove(name, holder.token);
    // A claim whose answer was lost is made again with the same token.
    await stage.hold(holder);
    notDone(await store.claim(name, stage.claim(), version), 'A version has come back.');
  },

  async 'replaces what holds the same token, if that is what is named'(stage) {
    const holder = stage.claim();
    await stage.hold(holder);
    const { version } = await stage.find();
    await stage.hold(holder, version);
    assert.notEqual((await stage.find()).version, version);
  },

  async 'changes nothing by reading'(stage) {
    await stage.hold();
    const first = await stage.find();
    const second = await stage.find();
    assert.equal(second.version, first.version);
    assert.deepEqual(second.record, first.record);
  },

  async 'keeps locks of different names apart'(stage) {
    const other = stage.nameOf('other');
    const { token } = await stage.hold();
    assert.equal(await stage.store.read(other), null);
    await stage.hold(stage.claim(), undefined, other);
    assert.equal((await stage.find()).record.token, token);
  },
};
