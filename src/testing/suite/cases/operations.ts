import assert from 'node:assert/strict';
import { assertNoWork, done, notDone, type Rules } from '../stage.js';

/** `read`, and `claim` by one contender after another. */
export const claims: Rules = {
  async 'finds nothing if nobody has claimed the lock'(stage) {
    assert.equal(await stage.read(), null);
  },

  async 'creates a lock once'(stage) {
    const record = await stage.hold();
    notDone(await stage.contend(), 'A lock that is held was created again.');
    assert.equal((await stage.find()).record.token, record.token);
  },

  async 'finds the same lock with each of its clients'(stage) {
    const { token } = await stage.hold();
    for (const client of await stage.clients(3)) {
      const stored = await client.read(stage.name);
      assert.equal(stored?.record?.token, token);
      assert.equal(stored.version, (await stage.find()).version, 'Clients see different versions.');
    }
  },

  async 'replaces exactly the version that is named'(stage) {
    const holder = await stage.holder();
    const { version } = await stage.find();
    await stage.beat(holder.token);

    notDone(await stage.contend(version), 'A holder that sent a heartbeat after it was judged was robbed.');
    assert.equal((await stage.find()).record.token, holder.token);
    const successor = await stage.takeOver();
    assert.equal((await stage.find()).record.token, successor.token);
    notDone(await stage.contend(version), 'A lock was taken over a version that was no longer there.');
    assert.equal((await stage.find()).record.token, successor.token);
  },

  async 'does not replace a lock that is gone'(stage) {
    const holder = await stage.holder();
    const { version } = await stage.find();
    await stage.remove(holder.token);
    notDone(await stage.contend(version), 'A claim over a version created a lock that was gone.');
    assert.equal(await stage.read(), null);
  },

  async 'does not mistake a later acquisition for the version that was judged'(stage) {
    const holder = await stage.holder();
    const { version } = await stage.find();
    await stage.remove(holder.token);
    await stage.hold();
    notDone(await stage.contend(version), 'A later record has the version of an earlier one.');
  },

  async 'replaces a record with the same token if its version is named'(stage) {
    const holder = await stage.holder();
    const { version } = await stage.find();
    await stage.hold(holder, version);
    assert.notEqual((await stage.find()).version, version);
  },

  async 'changes nothing when it reads'(stage) {
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

/** `confirm`, which a store may leave out. */
export const confirmations: Rules = {
  async 'confirms exactly the version that is there, and changes nothing'(stage) {
    const { store, name } = stage;
    if (store.confirm === undefined) return;
    assert.equal(await store.confirm(name, 'no version'), false, 'A lock that nobody holds was confirmed.');
    const holder = await stage.holder();
    const before = await stage.find();
    assert.equal(await store.confirm(name, before.version), true, 'The lock was not confirmed.');
    const after = await stage.find();
    assert.equal(after.version, before.version, '`confirm` changed the version.');
    assert.deepEqual(after.record, before.record, '`confirm` changed the record.');
    await stage.beat(holder.token);
    assert.equal(await store.confirm(name, before.version), false, 'A version of before was confirmed.');
    const { version } = await stage.find();
    await stage.remove(holder.token);
    assert.equal(await store.confirm(name, version), false, 'A lock that was released was confirmed.');
  },
};

/** `beat`. */
export const beats: Rules = {
  async 'renews the heartbeat of the token that holds the lock, and of no other'(stage) {
    const holder = await stage.holder();
    const { version } = await stage.find();

    const found = notDone(
      await stage.beat('another token', { progress: { ratio: 1, note: 'not mine' } }),
      'Somebody else renewed the heartbeat.',
    );
    assert.equal(found?.token, holder.token, 'The outcome does not say who holds the lock.');
    assert.equal((await stage.find()).version, version, 'A heartbeat that was refused changed the lock.');
    const record = done(await stage.beat(holder.token), 'beat');
    assert.deepEqual((await stage.find()).record, record, '`beat` and `read` return different records.');
  },

  async 'does not renew a heartbeat if nobody holds the lock'(stage) {
    const holder = stage.claim();
    assert.deepEqual(await stage.beat(holder.token), { done: false, found: null });
    await stage.hold(holder);
    await stage.remove(holder.token);
    assert.deepEqual(await stage.beat(holder.token), { done: false, found: null });
    assert.equal(await stage.read(), null, 'A heartbeat brought back a released lock.');
  },

  async 'does not renew the heartbeat of a holder that was taken over'(stage) {
    const holder = await stage.holder();
    const successor = await stage.takeOver();
    const found = notDone(
      await stage.beat(holder.token),
      'A holder that was taken over renewed its heartbeat.',
    );
    assert.equal(found?.token, successor.token);
  },

  async 'has another version after each heartbeat, even after many at once'(stage) {
    const holder = await stage.holder();
    const versions = new Set([(await stage.find()).version]);
    for (let count = 1; count <= 20; count++) {
      done(await stage.beat(holder.token), 'beat');
      versions.add((await stage.find()).version);
    }
    assert.equal(versions.size, 21, 'Two states of the lock had the same version.');
  },

  async 'keeps what a heartbeat leaves out'(stage) {
    const holder = stage.claim();
    const claimed = await stage.hold(holder);
    const progress = { ratio: 0.25, note: 'table 1 of 4' };
    const workers = [{ ...stage.self, pid: 4242 }];
    await stage.beat(holder.token, { progress });
    await stage.beat(holder.token, { workers });
    await stage.beat(holder.token);
    const { record } = await stage.find();
    assert.deepEqual(record, {
      ...claimed,
      timestamp: record.timestamp,
      monotonic: record.monotonic,
      progress,
      workers,
    });
  },

  async 'replaces the progress and the workers that a heartbeat names'(stage) {
    const holder = await stage.holder({ workers: [{ ...stage.self, pid: 4242 }] });
    const half = { progress: { ratio: 0.5, note: 'half-way' } };
    const beaten = done(await stage.beat(holder.token, half), 'beat');
    assert.deepEqual((await stage.find()).record, beaten, '`beat` and `read` return different records.');
    assert.deepEqual(beaten.progress, half.progress);
    await stage.beat(holder.token, { progress: { ratio: null, note: null }, workers: [] });
    const { record } = await stage.find();
    assert.deepEqual(record.workers, []);
    assert.deepEqual(record.progress, { ratio: null, note: null });
  },
};

/** `remove`. */
export const releases: Rules = {
  async 'releases for the token that holds the lock, and for no other'(stage) {
    const holder = await stage.holder();
    const { version } = await stage.find();

    const found = notDone(await stage.remove('another token'), 'Somebody else released the lock.');
    assert.equal(found?.token, holder.token, 'The outcome does not say who holds the lock.');
    assert.equal((await stage.find()).version, version, 'A release that was refused changed the lock.');
    assert.equal(done(await stage.remove(holder.token), 'remove').token, holder.token);
    assert.equal(await stage.read(), null, 'A released lock is still there.');
  },

  async 'releases once'(stage) {
    const holder = stage.claim();
    assert.deepEqual(await stage.remove(holder.token), { done: false, found: null });
    await stage.hold(holder);
    await stage.remove(holder.token);
    const again = await stage.remove(holder.token);
    assert.ok(again.done || again.found === null, 'A released lock is reported as held.');
    assert.equal(await stage.read(), null, 'A lock that was released twice is still there.');

    await stage.hold();
    notDone(await stage.remove(holder.token), 'A release of somebody else was done.');
    await stage.find();
  },

  async 'keeps nothing about the work of a released lock'(stage) {
    const { token } = await stage.work();
    done(await stage.remove(token), 'remove');
    // A store that keeps a row for the fencing token returns it when a release is repeated because its answer was lost.
    const again = await stage.remove(token);
    if (again.done) assertNoWork(again.record);
  },

  async 'does not release for a holder that was taken over'(stage) {
    const holder = await stage.holder();
    const successor = await stage.takeOver();
    const found = notDone(
      await stage.remove(holder.token),
      'A holder that was taken over released the lock of its successor.',
    );
    assert.equal(found?.token, successor.token);
    assert.equal((await stage.find()).record.token, successor.token);
  },

  async 'gives a released lock to the next contender'(stage) {
    for (let count = 1; count <= 3; count++) {
      const holder = await stage.holder();
      assert.equal((await stage.find()).record.token, holder.token);
      done(await stage.remove(holder.token), 'remove');
    }
  },
};
