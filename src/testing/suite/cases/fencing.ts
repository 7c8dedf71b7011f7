import assert from 'node:assert/strict';
import type { LockRecord } from '../../../core/record.js';
import { done } from '../stage.js';
import type { Rules } from './case.js';

/** The fencing tokens. */
export const fencing: Rules = {
  async 'gives each who takes over a greater fencing token'(stage) {
    let last = fencingTokenOf(await stage.hold());
    for (let count = 1; count <= 5; count++) {
      const next = await stage.hold(stage.claim(), (await stage.find()).version);
      last = expectGreater(fencingTokenOf(next), last);
    }
  },

  async 'gives a greater fencing token also after releases, whichever client asks'(stage) {
    let last = 0;
    for (const client of [...(await stage.clients(3)), ...(await stage.clients(3))]) {
      const claim = stage.claim();
      const record = done(await client.claim(stage.name, claim), 'claim');
      last = expectGreater(fencingTokenOf(record), last);
      done(await client.remove(stage.name, claim.token), 'remove');
    }
  },

  async 'gives a greater fencing token to who claims again with the same token'(stage) {
    const claim = stage.claim();
    const first = fencingTokenOf(await stage.hold(claim));
    const second = fencingTokenOf(await stage.hold(claim, (await stage.find()).version));
    expectGreater(second, first);
    await stage.store.remove(stage.name, claim.token);
    expectGreater(fencingTokenOf(await stage.hold(claim)), second);
  },

  async 'keeps the fencing token through heartbeats'(stage) {
    const claim = stage.claim();
    const record = await stage.hold(claim);
    await stage.store.beat(stage.name, claim.token, {});
    assert.equal((await stage.find()).record.fencingToken, record.fencingToken);
  },

  async 'leaves no gap in which fencing tokens fall back while many take over and release'(stage) {
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

function fencingTokenOf({ fencingToken }: LockRecord): number {
  assert.ok(Number.isSafeInteger(fencingToken), `The fencing token is ${fencingToken}, which is no integer.`);
  return fencingToken ?? 0;
}

function expectGreater(next: number, last: number): number {
  assert.ok(next > last, `The fencing token ${next} came after ${last}.`);
  return next;
}
