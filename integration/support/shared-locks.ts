import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Actor, startActor, startActors } from '../../support/actors.js';
import { canUnshare, temporaryFolder } from '../../support/machine.js';
import { outcomeOf } from '../../support/outcomes.js';
import { Room } from '../../support/witness.js';
import { killAtRandom } from './random-kills.js';

/** Locks in a database to which each of several processes has its own connection. */
export interface SharedLocks {
  /** What an actor is told about them when it is started, see `programs/chosen-store.ts`. */
  readonly store: readonly string[];
  /** Makes the last heartbeat of each lock this many minutes older. */
  age(minutes: number): void | Promise<void>;
  /** Fails if the database is damaged. */
  check?(): void | Promise<void>;
}

const MINUTE = 60_000;
const SERVERS = 5;
const ROUNDS = 20;
/** Random events take their time on a busy machine. */
const PATIENT = { timeout: 300_000 };

/** The name of the lock. */
const path = 'nightly';

/** Defines the tests that locks in any database must pass. Must be called inside a `describe`. `open` is called once for each test. */
export function testSharedLocks(open: () => SharedLocks | Promise<SharedLocks>): void {
  test('of five processes that start the same task, one runs it', async () => {
    const { store } = await open();
    const room = newRoom();
    const servers = await startActors(SERVERS, { store });
    for (let round = 1; round <= ROUNDS; round++) {
      const answers = await Promise.all(servers.map((server) => server.ask({ do: 'acquire', path, room })));
      const outcomes = answers.map(outcomeOf);
      expect(outcomes.toSorted()).toEqual(['busy', 'busy', 'busy', 'busy', 'done']);
      const winner = servers[outcomes.indexOf('done')];
      expect(await winner?.ask({ do: 'release', path, room })).toEqual({ outcome: 'done' });
    }
    const witness = new Room(room);
    expect(witness.overlaps()).toEqual([]);
    expect(witness.visits).toBe(ROUNDS);
  });

  test('of five processes that find a dead holder, one takes over', async () => {
    const { store } = await open();
    const room = newRoom();
    const servers = await startActors(SERVERS, { store });
    for (let round = 1; round <= 3; round++) {
      const holder = await startActor({ store });
      expect(outcomeOf(await holder.ask({ do: 'acquire', path }))).toBe('done');
      expect(outcomeOf((await servers[0]?.ask({ do: 'acquire', path })) ?? { outcome: 'done' })).toBe('busy');
      await holder.kill();
      const answers = await Promise.all(servers.map((server) => server.ask({ do: 'acquire', path, room })));
      const outcomes = answers.map(outcomeOf);
      expect(outcomes.toSorted()).toEqual(['busy', 'busy', 'busy', 'busy', 'done']);
      await servers[outcomes.indexOf('done')]?.ask({ do: 'release', path, room });
    }
    expect(new Room(room).overlaps()).toEqual([]);
  });

  test.skipIf(!canUnshare)('of another machine are taken over when they are stale', async () => {
    const { store, age } = await open();
    const elsewhere = await startElsewhere(store);
    const here = await startActor({ store });
    expect(outcomeOf(await elsewhere.ask({ do: 'acquire', path }))).toBe('done');
    expect(outcomeOf(await here.ask({ do: 'acquire', path }))).toBe('busy');
    await age(59);
    expect(outcomeOf(await here.ask({ do: 'acquire', path }))).toBe('busy');
    await age(2);
    expect(outcomeOf(await here.ask({ do: 'acquire', path }))).toBe('done');
    expect(outcomeOf(await elsewhere.ask({ do: 'heartBeat', path }))).toBe('lost');
    expect(outcomeOf(await elsewhere.ask({ do: 'release', path }))).toBe('lost');
    expect(outcomeOf(await here.ask({ do: 'heartBeat', path }))).toBe('done');
  });

  test.skipIf(!canUnshare)('of another machine that was killed are taken over no sooner', async () => {
    const { store, age } = await open();
    const elsewhere = await startElsewhere(store);
    const here = await startActor({ store });
    const options = { staleTimeout: 10 * MINUTE };
    expect(outcomeOf(await elsewhere.ask({ do: 'acquire', path, options }))).toBe('done');
    await elsewhere.kill();
    await age(9);
    expect(outcomeOf(await here.ask({ do: 'acquire', path, options }))).toBe('busy');
    await age(2);
    expect(outcomeOf(await here.ask({ do: 'acquire', path, options }))).toBe('done');
  });
}

const CROWD = 50;
/** How many are started at the same time, so that each is ready within reasonable time. */
const GROUP = 5;

/** Defines tests of many processes, whose starts take a while. Must be called inside a `describe`. `open` is called once for each test. */
export function testCrowd(open: () => SharedLocks | Promise<SharedLocks>): void {
  test('of processes that are killed at random moments never let two in', PATIENT, async () => {
    const { store, check } = await open();
    const room = newRoom();

    await killAtRandom({ path, room, store, least: 12, most: 200, life: 400 });

    const last = await startActor({ store });
    expect(outcomeOf(await last.ask({ do: 'acquire', path }))).toBe('done');
    expect(outcomeOf(await last.ask({ do: 'release', path }))).toBe('done');
    await check?.();
  });

  test('of a process that is killed before or after any statement are free at once', PATIENT, async () => {
    const { store } = await open();
    const next = await startActor({ store });
    for (const command of ['acquire', 'heartBeat', 'release'] as const) {
      let steps = 0;
      for (let isKilled = true; isKilled; steps++) {
        const victim = await startActor({ store });
        if (command !== 'acquire') {
          expect(outcomeOf(await victim.ask({ do: 'acquire', path }))).toBe('done');
        }
        const interruption = { before: steps + 1, by: 'SIGKILL' } as const;
        const outcome = outcomeOf(await victim.ask({ do: command, path, interruption }));
        isKilled = outcome === 'killed';
        if (!isKilled) expect(outcome).toBe('done');
        await victim.kill();
        expect(outcomeOf(await next.ask({ do: 'acquire', path }))).toBe('done');
        expect(outcomeOf(await next.ask({ do: 'release', path }))).toBe('done');
      }
      // Before and after at least one statement.
      expect(steps).toBeGreaterThan(2);
    }
  });

  test('that fifty processes want at once go to one, and after its death to one more', PATIENT, async () => {
    const { store } = await open();
    const room = newRoom();
    const witness = new Room(room);
    const crowd: Actor[] = [];
    while (crowd.length < CROWD) crowd.push(...(await startActors(GROUP, { store })));
    const killed = new Set<number>();
    for (let left = CROWD; left > CROWD - 3; left--) {
      const answers = await Promise.all(crowd.map((each) => each.ask({ do: 'acquire', path, room })));
      const outcomes = answers.map(outcomeOf);
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'busy')).toHaveLength(left - 1);
      const [winner] = crowd.splice(outcomes.indexOf('done'), 1);
      await winner?.kill();
      if (winner !== undefined) killed.add(winner.pid);
    }
    expect(witness.overlaps(killed)).toEqual([]);
    expect(witness.visits).toBe(3);
  });
}

/** The folder of a {@link Room}. */
function newRoom(): string {
  const room = join(temporaryFolder(), 'room');
  mkdirSync(room);
  return room;
}

/** With its own PIDs and its own boot id, as on another machine that reaches the same database. */
function startElsewhere(store: readonly string[]) {
  const bootId = join(temporaryFolder(), 'boot_id');
  writeFileSync(bootId, `${randomUUID()}\n`);
  const script =
    'hostname elsewhere && mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"';
  return startActor({ store, within: ['unshare', '--mount', '--uts', 'sh', '-c', script, 'sh', bootId] });
}
