import assert from 'node:assert/strict';
import type { Awaitable, Claim, Outcome, Store } from '../../../core/store.js';
import type { Rules, Stage } from '../stage.js';

const CONTENDERS = 12;
const CLIENTS = 4;
const ROUNDS = 5;

/** Several contenders at the same time. */
export const contention: Rules = {
  async 'lets exactly one of many create the lock'(stage) {
    const clients = await stage.clients(CLIENTS);
    for (let round = 1; round <= ROUNDS; round++) {
      const { token } = await claimByMany(stage, clients);
      await stage.store.remove(stage.name, token);
    }
  },

  async 'lets exactly one of many take over'(stage) {
    const clients = await stage.clients(CLIENTS);
    await stage.hold();
    for (let round = 1; round <= ROUNDS; round++) {
      await claimByMany(stage, clients, (await stage.find()).version);
    }
  },

  async 'lets either the holder send a heartbeat or another take over, never both'(stage) {
    await raceTakeover(stage, (store, name, token) => store.beat(name, token, {}));
  },

  async 'lets either the holder release or another take over, never both'(stage) {
    await raceTakeover(stage, (store, name, token) => store.remove(name, token));
  },
};

/** The one claim that succeeds of many, sent by several clients at once. */
async function claimByMany(stage: Stage, clients: readonly Store[], over?: string): Promise<Claim> {
  const claims = Array.from({ length: CONTENDERS }, () => stage.claim());
  const outcomes = await Promise.all(
    claims.map((claim, index) => (clients[index % CLIENTS] ?? stage.store).claim(stage.name, claim, over)),
  );
  const winner = claims[onlyWinner(outcomes)];
  assert.ok(winner !== undefined);
  assert.equal(
    (await stage.find()).record.token,
    winner.token,
    'Somebody other than the winner holds the lock.',
  );
  return winner;
}

/** Lets a holder do something while another client takes the lock over; each of them is first in every other round. */
async function raceTakeover(
  stage: Stage,
  act: (store: Store, name: string, token: string) => Awaitable<Outcome>,
): Promise<void> {
  const [one = stage.store, other = stage.store] = await stage.clients(2);
  for (let round = 1; round <= 2 * ROUNDS; round++) {
    const name = stage.nameOf('race');
    const holder = stage.claim();
    await stage.hold(holder, undefined, name);
    const { version } = await stage.find(name);
    const keep = async () => act(one, name, holder.token);
    const take = async () => other.claim(name, stage.claim(), version);
    onlyWinner(await Promise.all(round % 2 === 0 ? [keep(), take()] : [take(), keep()]));
  }
}

/** Its index in the list. */
function onlyWinner(outcomes: readonly Outcome[]): number {
  const winners = outcomes.filter((outcome) => outcome.done);
  assert.equal(
    winners.length,
    1,
    `Of ${outcomes.length} contenders at the same time, ${winners.length} succeeded.`,
  );
  return outcomes.findIndex((outcome) => outcome.done);
}
