import assert from 'node:assert/strict';
import type { Outcome } from '../../../core/store.js';
import type { Rules } from './case.js';

const CONTENDERS = 12;
const CLIENTS = 4;
const ROUNDS = 5;

/** Several at the same time. */
export const contention: Rules = {
  async 'lets exactly one of many create the lock'(stage) {
    const clients = await stage.clients(CLIENTS);
    for (let round = 1; round <= ROUNDS; round++) {
      const claims = Array.from({ length: CONTENDERS }, () => stage.claim());
      const outcomes = await Promise.all(
        claims.map((claim, index) => (clients[index % CLIENTS] ?? stage.store).claim(stage.name, claim)),
      );
      const winner = claims[onlyWinner(outcomes)];
      assert.equal(
        (await stage.find()).record.token,
        winner?.token,
        'Another than the winner holds the lock.',
      );
      await stage.store.remove(stage.name, winner?.token ?? '');
    }
  },

  async 'lets exactly one of many take over'(stage) {
    const clients = await stage.clients(CLIENTS);
    await stage.hold();
    for (let round = 1; round <= ROUNDS; round++) {
      const { version } = await stage.find();
      const claims = Array.from({ length: CONTENDERS }, () => stage.claim());
      const outcomes = await Promise.all(
        claims.map((claim, index) =>
          (clients[index % CLIENTS] ?? stage.store).claim(stage.name, claim, version),
        ),
      );
      const winner = claims[onlyWinner(outcomes)];
      assert.equal(
        (await stage.find()).record.token,
        winner?.token,
        'Another than the winner holds the lock.',
      );
    }
  },

  async 'lets either the holder beat or another take over, never both'(stage) {
    const [one = stage.store, other = stage.store] = await stage.clients(2);
    for (let round = 1; round <= 2 * ROUNDS; round++) {
      const name = stage.nameOf('race');
      const holder = stage.claim();
      await stage.hold(holder, undefined, name);
      const { version } = await stage.find(name);
      const beat = async () => one.beat(name, holder.token, {});
      const take = async () => other.claim(name, stage.claim(), version);
      onlyWinner(await Promise.all(round % 2 === 0 ? [beat(), take()] : [take(), beat()]));
    }
  },

  async 'lets either the holder release or another take over, never both'(stage) {
    const [one = stage.store, other = stage.store] = await stage.clients(2);
    for (let round = 1; round <= 2 * ROUNDS; round++) {
      const name = stage.nameOf('race');
      const holder = stage.claim();
      await stage.hold(holder, undefined, name);
      const { version } = await stage.find(name);
      const release = async () => one.remove(name, holder.token);
      const take = async () => other.claim(name, stage.claim(), version);
      onlyWinner(await Promise.all(round % 2 === 0 ? [release(), take()] : [take(), release()]));
    }
  },
};

/** Where in the list it stands. */
function onlyWinner(outcomes: readonly Outcome[]): number {
  const winners = outcomes.filter((outcome) => outcome.done);
  assert.equal(winners.length, 1, `Of ${outcomes.length} at the same time, ${winners.length} succeeded.`);
  return outcomes.findIndex((outcome) => outcome.done);
}
