import assert from 'node:assert/strict';
import { done, notDone } from '../stage.js';
import type { Rules } from './case.js';

/** `beat`. */
export const beats: Rules = {
  async 'beats for the token that holds the lock, and for no other'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const { version } = await stage.find();

    const outcome = await store.beat(name, 'another token', { progress: { ratio: 1, note: 'not mine' } });
    notDone(outcome, 'Somebody else gave a heartbeat.');
    assert.equal(
      outcome.done ? null : outcome.found?.token,
      holder.token,
      'It was not said who holds the lock.',
    );
    assert.equal(
      (await stage.find()).version,
      version,
      'A heartbeat that was not done has changed the lock.',
    );
    const record = done(await store.beat(name, holder.token, {}), 'beat');
    assert.deepEqual((await stage.find()).record, record, '`beat` says something else than `read`.');
  },

  async 'does not beat where nobody holds the lock'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    assert.deepEqual(await store.beat(name, holder.token, {}), { done: false, found: null });
    await stage.hold(holder);
    await store.remove(name, holder.token);
    assert.deepEqual(await store.beat(name, holder.token, {}), { done: false, found: null });
    assert.equal(await store.read(name), null, 'A heartbeat has brought back a lock that was released.');
  },

  async 'does not beat for who was taken over'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const successor = await stage.hold(stage.claim(), (await stage.find()).version);
    const outcome = await store.beat(name, holder.token, {});
    notDone(outcome, 'A holder that was taken over gave a heartbeat.');
    assert.equal(outcome.done ? null : outcome.found?.token, successor.token);
  },

  async 'has another version after each heartbeat, also after many at once'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    await stage.hold(holder);
    const versions = new Set([(await stage.find()).version]);
    for (let count = 1; count <= 20; count++) {
      done(await store.beat(name, holder.token, {}), 'beat');
      versions.add((await stage.find()).version);
    }
    assert.equal(versions.size, 21, 'Two states of the lock had the same version.');
  },

  async 'keeps what a heartbeat leaves out'(stage) {
    const { store, name } = stage;
    const holder = stage.claim();
    const claimed = await stage.hold(holder);
    const progress = { ratio: 0.25, note: 'table 1 of 4' };
    const workers = [{ ...stage.self, pid: 4242 }];
    await store.beat(name, holder.token, { progress });
    await store.beat(name, holder.token, { workers });
    await store.beat(name, holder.token, {});
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
    const { store, name } = stage;
    const holder = stage.claim({ workers: [{ ...stage.self, pid: 4242 }] });
    await stage.hold(holder);
    await store.beat(name, holder.token, { progress: { ratio: 0.5, note: 'half-way' } });
    await store.beat(name, holder.token, { progress: { ratio: null, note: null }, workers: [] });
    const { record } = await stage.find();
    assert.deepEqual(record.workers, []);
    assert.deepEqual(record.progress, { ratio: null, note: null });
  },
};
