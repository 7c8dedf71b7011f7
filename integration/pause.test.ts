import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRecord } from '../src/core/record/record.js';
import { type Actor, type LockCommand, startActors } from '../support/actors.js';
import { isPosix, temporaryFolder } from '../support/machine.js';
import { type Outcome, outcomeOf } from '../support/outcomes.js';
import { poll } from '../support/running.js';
import { Ledger } from '../support/witness.js';
import { countInLanes } from './support/lanes.js';
import { copyRemains, everythingTheKilledLeave } from './support/remains.js';

// One process is stopped in the middle of an operation, another one acts meanwhile, then the first continues. This is done
// once for each file-system call, so the first is stopped at every state of the disk that it passes through. Either may
// win, but they must agree on which.

/** Each of the many calls is awaited, some of them for seconds. */
const PATIENT = { timeout: 180_000 };
const LANES = 10;
const TWO_HOURS = 7_200_000;

/** Two processes that contend for a lock. */
interface Stage {
  readonly paused: Actor;
  readonly other: Actor;
  readonly path: string;
  readonly ledger: string;
}

interface Scene {
  /** What has happened before. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  readonly paused: LockCommand['do'];
  readonly meanwhile: LockCommand['do'];
  /** Stops the other one too, before its first file-system call of that name, until the first one has finished. */
  readonly otherStopsBefore?: string;
  /** The outcomes allowed, for the paused one and for the other, and the holder after them. */
  readonly endings: Partial<Record<Ending, Role | 'nobody'>>;
}

const ROLES = ['paused', 'other'] as const;
type Role = (typeof ROLES)[number];
type Outcomes = Readonly<Record<Role, Outcome>>;
type Ending = `${Outcomes['paused']} ${Outcomes['other']}`;

describe.skipIf(!isPosix)(
  'a process that is stopped right before any of the file-system calls',
  PATIENT,
  () => {
    test('of a heartbeat, after it had stalled, either beats or loses the lock to another', async () => {
      await playStoppedBeforeEachCall({
        prepare: ({ paused, ...stage }) => stall(paused, stage),
        paused: 'heartBeat',
        meanwhile: 'acquire',
        endings: { 'done busy': 'paused', 'lost done': 'other' },
      });
    });

    test('of a release, after it had stalled, never releases the lock of another', async () => {
      await playStoppedBeforeEachCall({
        prepare: ({ paused, ...stage }) => stall(paused, stage),
        paused: 'release',
        meanwhile: 'acquire',
        endings: { 'done busy': 'nobody', 'done done': 'other', 'lost done': 'other' },
      });
    });

    test('of an acquisition either gets the lock or finds it held', async () => {
      await playStoppedBeforeEachCall({
        paused: 'acquire',
        meanwhile: 'acquire',
        endings: { 'done busy': 'paused', 'busy done': 'other' },
      });
    });

    test('of a takeover from a dead holder either gets the lock or finds it held', async () => {
      const remains = await everythingTheKilledLeave();
      await playStoppedBeforeEachCall({
        prepare: async ({ path }) => copyRemains(remains, join(path, '..')),
        paused: 'acquire',
        meanwhile: 'acquire',
        endings: { 'done busy': 'paused', 'busy done': 'other' },
      });
    });

    test('of a takeover from a dead holder does not evict another one in the middle of the same', async () => {
      const remains = await everythingTheKilledLeave();
      await playStoppedBeforeEachCall({
        prepare: async ({ path }) => copyRemains(remains, join(path, '..')),
        paused: 'acquire',
        meanwhile: 'acquire',
        otherStopsBefore: 'chmodSync',
        endings: { 'done busy': 'paused', 'busy done': 'other' },
      });
    });

    test('of a takeover from a stalled holder either gets the lock or finds that the holder beats again', async () => {
      await playStoppedBeforeEachCall({
        prepare: ({ other, ...stage }) => stall(other, stage),
        paused: 'acquire',
        meanwhile: 'heartBeat',
        endings: { 'busy done': 'other', 'done occupied': 'paused', 'done lost': 'paused' },
      });
    });

    test('of a takeover from a stalled holder gets the lock, whether the holder can release it or not', async () => {
      await playStoppedBeforeEachCall({
        prepare: ({ other, ...stage }) => stall(other, stage),
        paused: 'acquire',
        meanwhile: 'release',
        endings: { 'done done': 'paused', 'done occupied': 'paused', 'done lost': 'paused' },
      });
    });
  },
);

/** Lets an actor get the lock and then do nothing for two hours. */
async function stall(holder: Actor, { path, ledger }: Pick<Stage, 'path' | 'ledger'>): Promise<void> {
  await holder.ask({ do: 'turnClockBack', by: TWO_HOURS });
  await holder.ask({ do: 'acquire', path, ledger });
  await holder.ask({ do: 'turnClockBack', by: 0 });
}

async function playStoppedBeforeEachCall(scene: Scene): Promise<void> {
  const seen = new Set<string>();
  const actors = await startActors(2 * LANES);
  const pairs = actors.slice(LANES).flatMap((other, lane) => {
    const paused = actors[lane];
    return paused === undefined ? [] : [{ paused, other }];
  });
  await countInLanes(pairs, async (call, pair) => {
    const folder = temporaryFolder();
    const stage = { ...pair, path: join(folder, 'job.lock'), ledger: join(temporaryFolder(), 'ledger') };
    await scene.prepare?.(stage);
    const { wasPaused, outcomes } = await playStoppedBefore(call, scene, stage);
    const ending: Ending = `${outcomes.paused} ${outcomes.other}`;
    const holder = scene.endings[ending];
    if (holder === undefined) throw new Error(`Stopped before call ${call} it must not end with: ${ending}`);
    await expectAgreement(stage, outcomes, holder);
    // A holder that was taken over may be about to find that out.
    await poll('Something stays', () => readdirSync(folder).length === 0);
    seen.add(ending);
    return wasPaused;
  });
  // Otherwise the processes were not stopped where it matters.
  expect([...seen].toSorted()).toEqual(Object.keys(scene.endings).toSorted());
}

async function playStoppedBefore(
  call: number,
  scene: Scene,
  { paused, other, path, ledger }: Stage,
): Promise<{ readonly wasPaused: boolean; readonly outcomes: Outcomes }> {
  const first = await paused.askAndPause({ do: scene.paused, path, ledger }, call);
  const second = await other.askAndPause(
    { do: scene.meanwhile, path, ledger },
    scene.otherStopsBefore ?? 'nothing',
  );
  if (first.isPaused) paused.resume();
  const outcome = outcomeOf(await first.answer);
  if (second.isPaused) other.resume();
  return {
    wasPaused: first.isPaused,
    outcomes: { paused: outcome, other: outcomeOf(await second.answer) },
  };
}

/** The holder can go on, one that has lost the lock finds out, and nobody ever comes back after the other. */
async function expectAgreement(stage: Stage, outcomes: Outcomes, holder: Role | 'nobody'): Promise<void> {
  const { path, ledger } = stage;
  for (const role of ROLES) {
    const heartBeat = async () => outcomeOf(await stage[role].ask({ do: 'heartBeat', path, ledger }));
    if (role === holder) expect(await heartBeat()).toBe('done');
    else if (outcomes[role] === 'lost' || outcomes[role] === 'occupied')
      expect(await heartBeat()).toBe('lost');
  }
  if (holder !== 'nobody') {
    expect(parseRecord(readFileSync(path, 'utf8'), new Date())?.processId).toBe(stage[holder].pid);
    expect(outcomeOf(await stage[holder].ask({ do: 'release', path }))).toBe('done');
  }
  const { holders } = new Ledger(ledger);
  expect(holders).toEqual([...new Set(holders)]);
}
