import assert from 'node:assert/strict';
import type { Claim } from '../../../core/store.js';
import type { Stage } from '../stage.js';
import type { Rules } from './case.js';

/** What texts may hold: all that has a meaning in SQL, in JSON or in a shell, the character of no width, and other scripts. */
const AWKWARD = `it's "quoted"; DROP TABLE locks; -- \\ \0 %_$1 ?1 :a \n\t 日本語 😀 e\u0301`;

/** What is kept of a claim. */
export const records: Rules = {
  async 'keeps all that a claim says'(stage) {
    await expectKept(stage, {
      workers: [1, 2, 3, 4].map((pid) => ({
        ...stage.self,
        pid,
        started: `${pid}`,
        hostname: `worker-${pid}`,
      })),
      staleTimeout: 7_200_000.5,
    });
  },

  async 'keeps what a claim does not say'(stage) {
    await expectKept(stage, {
      process: { pid: 2 ** 31 - 1, hostname: 'h', bootId: null, pidNamespace: null, started: null },
      command: null,
      user: null,
      cwd: null,
    });
  },

  async 'keeps texts of any characters'(stage) {
    await expectKept(stage, {
      command: AWKWARD,
      user: AWKWARD.slice(-16),
      cwd: AWKWARD,
      owner: AWKWARD.slice(0, 20),
      process: { ...stage.self, hostname: AWKWARD, started: AWKWARD },
    });
    const { record } = await stage.find();
    const progress = { ratio: 0.1 + 0.2, note: AWKWARD };
    await stage.store.beat(stage.name, record.token ?? '', { progress });
    assert.deepEqual((await stage.find()).record.progress, progress);
  },

  async 'keeps long texts'(stage) {
    await expectKept(stage, {
      command: 'x'.repeat(512),
      user: 'é'.repeat(32),
      cwd: 'é'.repeat(128),
      owner: 'é'.repeat(32),
    });
  },

  async 'keeps a stale timeout that is endless, tiny or huge'(stage) {
    for (const staleTimeout of [Number.POSITIVE_INFINITY, 0.001, 1e15]) {
      const name = stage.nameOf('timeout');
      await stage.hold(stage.claim({ staleTimeout }), undefined, name);
      assert.equal((await stage.find(name)).record.staleTimeout, staleTimeout);
    }
  },

  async 'says when the lock was acquired, and when it was last beaten'(stage) {
    const holder = stage.claim();
    const { acquiredAt } = await stage.hold(holder);
    assert.ok(acquiredAt !== null, 'The record does not say when the lock was acquired.');
    const { record } = await stage.find();
    assert.deepEqual(record.acquiredAt, acquiredAt);
    assert.deepEqual(record.timestamp, acquiredAt);
    await stage.until(async () => {
      await stage.store.beat(stage.name, holder.token, {});
      return (await stage.find()).record.timestamp > acquiredAt;
    }, 'Heartbeats do not change the time of the last one.');
    assert.deepEqual((await stage.find()).record.acquiredAt, acquiredAt);
  },
};

async function expectKept(stage: Stage, changes: Partial<Claim>): Promise<void> {
  const { token, process, workers, staleTimeout, command, user, cwd, owner } = stage.claim(changes);
  const claimed = await stage.hold({ token, process, workers, staleTimeout, command, user, cwd, owner });
  const { record } = await stage.find();
  assert.deepEqual(record, claimed, '`claim` says something else than `read`.');
  const { timestamp, acquiredAt, fencingToken, monotonic } = record;
  const given = {
    processId: process.pid,
    token,
    process,
    workers,
    staleTimeout,
    command,
    user,
    cwd,
    owner,
    progress: null,
    hold: null,
  };
  assert.deepEqual(record, { timestamp, acquiredAt, fencingToken, monotonic, ...given });
}
