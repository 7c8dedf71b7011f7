import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Actor, startActor, startActors } from '../support/actors.js';
import { isLinux, processState, temporaryFolder, threadCount } from '../support/machine.js';
import { outcomeOf } from '../support/outcomes.js';
import { Room } from '../support/witness.js';

const RACERS = 8;
const ROUNDS = 20;
const TWO_HOURS = 7_200_000;

let locks: string;
let room: string;

beforeEach(() => {
  const folder = temporaryFolder();
  locks = join(folder, 'locks');
  room = join(folder, 'room');
  mkdirSync(locks);
  mkdirSync(room);
});

describe('of eight racing processes, exactly one per round gets', () => {
  test('a free lock', async () => {
    const everyRound = Array.from({ length: ROUNDS }, () => join(locks, 'job.lock'));

    await race(everyRound);

    expectOneWinnerInEachRound();
  });

  test('the lock of a dead holder', async () => {
    const holder = await startActor();
    const heldLocks = await acquireOneForEachRound(holder);
    await holder.kill();

    await race(heldLocks);

    expectOneWinnerInEachRound();
  });

  test.skipIf(!isLinux)('the lock of a dead holder that its parent never reaps', async () => {
    // The shell starts the holder, then becomes a program that never reaps its child.
    const holder = await startActor({ within: ['sh', '-c', '"$@" & exec sleep 600', 'sh'] });
    const heldLocks = await acquireOneForEachRound(holder);
    process.kill(holder.pid, 'SIGKILL');
    while (processState(holder.pid) !== 'Z' || threadCount(holder.pid) > 1) await sleep(1);

    await race(heldLocks);

    expectOneWinnerInEachRound();
    expect(processState(holder.pid)).toBe('Z');
  });

  test('the lock of a stalled holder, which finds out', async () => {
    const holder = await startActor();
    await holder.ask({ do: 'turnClockBack', by: TWO_HOURS });
    const heldLocks = await acquireOneForEachRound(holder);
    await holder.ask({ do: 'turnClockBack', by: 0 });

    await race(heldLocks);

    expectOneWinnerInEachRound();
    for (const path of heldLocks) {
      expect(outcomeOf(await holder.ask({ do: 'heartBeat', path }))).toBe('lost');
    }
  });
});

async function acquireOneForEachRound(holder: Actor): Promise<string[]> {
  const paths = Array.from({ length: ROUNDS }, (_, round) => join(locks, `${round}.lock`));
  for (const path of paths) expect(outcomeOf(await holder.ask({ do: 'acquire', path }))).toBe('done');
  return paths;
}

/** Once all have started, all try to get the lock of the round at the same time. The winner holds it until all have answered. */
async function race(rounds: readonly string[]): Promise<void> {
  const racers = await startActors(RACERS);
  // On a machine with few cores, processes that finish within a millisecond would hardly ever overlap.
  for (const racer of racers.slice(RACERS / 2)) await racer.ask({ do: 'dawdle' });
  for (const path of rounds) {
    const answers = await Promise.all(racers.map((racer) => racer.ask({ do: 'acquire', path, room })));
    const outcomes = answers.map(outcomeOf);
    expect(outcomes.toSorted()).toEqual([...Array.from({ length: RACERS - 1 }, () => 'busy'), 'done']);
    const winner = racers[outcomes.indexOf('done')];
    expect(await winner?.ask({ do: 'release', path, room })).toEqual({ outcome: 'done' });
  }
}

/** From what the winners did, not from what they were told. */
function expectOneWinnerInEachRound(): void {
  const witness = new Room(room);
  expect(witness.overlaps()).toEqual([]);
  expect(witness.visits).toBe(ROUNDS);
  expect(readdirSync(locks)).toEqual([]);
}
