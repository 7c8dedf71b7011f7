import assert from 'node:assert/strict';
import type { LockRecord } from '../../../core/record/record.js';
import type { Claim } from '../../../core/store.js';
import { done, type Rules, type Stage } from '../stage.js';

/** Characters that mean something in SQL, JSON or a shell, a zero-width character, and other scripts. */
const AWKWARD = `it's "quoted"; DROP TABLE locks; -- \\ \0 %_$1 ?1 :a \n\t 日本語 😀 e\u0301`;

/** How many milliseconds a test waits to see the age of a heartbeat change, whatever the resolution of the store's clock. */
const A_WHILE = 30;

/** What is kept of a claim. */
export const records: Rules = {
  async 'keeps everything that a claim says'(stage) {
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

  async 'keeps as unknown what a claim does not say'(stage) {
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
    await stage.beat(record.token ?? '', { progress });
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

  async 'keeps a stale timeout that is infinite, tiny or huge'(stage) {
    for (const staleTimeout of [Number.POSITIVE_INFINITY, 0.001, 1e15]) {
      const name = stage.nameOf('timeout');
      await stage.hold(stage.claim({ staleTimeout }), undefined, name);
      assert.equal((await stage.find(name)).record.staleTimeout, staleTimeout);
    }
  },

  async 'says when the lock was acquired, and when its last heartbeat was'(stage) {
    const holder = stage.claim();
    const { acquiredAt } = await stage.hold(holder);
    assert.ok(acquiredAt !== null, 'The record does not say when the lock was acquired.');
    const { record } = await stage.find();
    assert.deepEqual(record.acquiredAt, acquiredAt);
    assert.deepEqual(record.timestamp, acquiredAt);
    await stage.until(async () => {
      await stage.beat(holder.token);
      return (await stage.find()).record.timestamp > acquiredAt;
    }, 'A heartbeat does not change the time of the last heartbeat.');
    assert.deepEqual((await stage.find()).record.acquiredAt, acquiredAt);
  },
};

/** How old a heartbeat is according to the store. */
export const ages: Rules = {
  async 'lets a heartbeat age, counted from the last one'(stage) {
    const holder = await stage.holder();
    assert.ok((await stage.find()).age >= 0, 'An age is negative.');
    await stage.until(
      async () => (await stage.find()).age >= A_WHILE,
      'The age of a heartbeat does not grow. Is it in milliseconds?',
    );
    // However slow the machine is, sooner or later nothing comes between a heartbeat and reading it.
    await stage.until(async () => {
      await stage.beat(holder.token);
      return (await stage.find()).age < A_WHILE;
    }, 'A new heartbeat does not reset the age.');
  },

  async 'counts in milliseconds, as this process does'(stage) {
    const before = performance.now();
    await stage.hold();
    const after = performance.now();
    await stage.until(async () => performance.now() - after >= 10 * A_WHILE, 'Time does not pass.');
    const atLeast = performance.now() - after;
    const { age } = await stage.find();
    const atMost = performance.now() - before;
    // Clocks differ a little in speed and in resolution.
    assert.ok(age >= atLeast * 0.9 - 5, `After ${atLeast} milliseconds the age is ${age}.`);
    assert.ok(age <= atMost * 1.1 + 5, `After ${atMost} milliseconds the age is ${age}.`);
  },

  async 'counts from the takeover'(stage) {
    await stage.hold();
    await stage.until(
      async () => (await stage.find()).age >= A_WHILE,
      'The age of a heartbeat does not grow.',
    );
    await stage.until(async () => {
      await stage.takeOver();
      return (await stage.find()).age < A_WHILE;
    }, 'After a takeover the heartbeat is as old as that of the previous holder.');
  },
};

/** Fencing tokens. */
export const fencing: Rules = {
  async 'gives each takeover a greater fencing token'(stage) {
    let last = fencingTokenOf(await stage.hold());
    for (let count = 1; count <= 5; count++) {
      const next = await stage.takeOver();
      last = expectGreater(fencingTokenOf(next), last);
    }
  },

  async 'gives a greater fencing token after releases too, whichever client asks'(stage) {
    let last = 0;
    for (const client of [...(await stage.clients(3)), ...(await stage.clients(3))]) {
      const claim = stage.claim();
      const record = done(await client.claim(stage.name, claim), 'claim');
      last = expectGreater(fencingTokenOf(record), last);
      done(await client.remove(stage.name, claim.token), 'remove');
    }
  },

  async 'gives a greater fencing token to a second claim with the same token'(stage) {
    const claim = stage.claim();
    const first = fencingTokenOf(await stage.hold(claim));
    const second = fencingTokenOf(await stage.takeOver(claim));
    expectGreater(second, first);
    await stage.remove(claim.token);
    expectGreater(fencingTokenOf(await stage.hold()), second);
  },

  async 'keeps the fencing token through heartbeats'(stage) {
    const claim = stage.claim();
    const record = await stage.hold(claim);
    await stage.beat(claim.token);
    assert.equal((await stage.find()).record.fencingToken, record.fencingToken);
  },

  async 'never lets fencing tokens fall back while many take over and release'(stage) {
    const clients = await stage.clients(4);
    let last = 0;
    await Promise.all(
      clients.map(async (client) => {
        for (let count = 1; count <= 10; count++) {
          const claim = stage.claim();
          const outcome = await client.claim(stage.name, claim);
          if (!outcome.done) continue;
          last = expectGreater(fencingTokenOf(outcome.record), last);
          await client.remove(stage.name, claim.token);
        }
      }),
    );
    expectGreater(last, 0);
  },
};

async function expectKept(stage: Stage, changes: Partial<Claim>): Promise<void> {
  const claim = stage.claim(changes);
  // A copy, which the store may change.
  const claimed = await stage.hold({ ...claim });
  const { record } = await stage.find();
  assert.deepEqual(record, claimed, '`claim` and `read` return different records.');
  const { timestamp, acquiredAt, fencingToken, monotonic } = record;
  const added = { processId: claim.process.pid, timestamp, acquiredAt, fencingToken, monotonic };
  assert.deepEqual(record, { ...claim, ...added, progress: null, hold: null });
}

function fencingTokenOf({ fencingToken }: LockRecord): number {
  assert.ok(Number.isSafeInteger(fencingToken), `The fencing token is ${fencingToken}, which is no integer.`);
  return fencingToken ?? 0;
}

function expectGreater(next: number, last: number): number {
  assert.ok(next > last, `The fencing token ${next} came after ${last}.`);
  return next;
}
