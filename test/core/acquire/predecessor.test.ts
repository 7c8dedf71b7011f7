import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AcquireOptions,
  acquire,
  ErrLockStore,
  type Lock,
  type Outcome,
  type Store,
  tryWithLock,
  withLock,
} from '../../../src/index.js';
import { FakeClock, type FakeProcess, FakeProcessTable, memoryStore } from '../../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, World } from '../../../support/world.js';

const HALF_WAY = { progress: 0.4, note: 'page 17' };
const AS_RECORDED = { ratio: 0.4, note: 'page 17' };

describe('the predecessor of a lock', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  /** Another process acquires the lock, and says how far it is. */
  async function startOther(options: AcquireOptions = {}): Promise<FakeProcess> {
    const other = world.processes.start();
    const lock = await world.acquire(other, options);
    await lock.heartBeat(HALF_WAY);
    return other;
  }

  it('is nobody if the lock was never held, was released, or is held no longer', async () => {
    const first = await world.acquire();
    expect(first.predecessor).toBeNull();
    await first.release();
    const second = await world.acquire(undefined, { holdAtLeast: HOUR });
    expect(second.predecessor).toBeNull();
    await second.release();
    await world.clock.advance(HOUR);
    expect((await world.acquire()).predecessor).toBeNull();
  });

  it('is nobody for an owner that takes its released lock again', async () => {
    const options = { owner: 'server-1', sticky: true, holdAtLeast: HOUR } as const;
    const lock = await world.acquire(undefined, options);
    await lock.release();
    expect((await world.acquire(undefined, options)).predecessor).toBeNull();
  });

  it('is a dead holder, with its last heartbeat and how far it was', async () => {
    const other = await startOther();
    other.kill();
    await world.clock.advance(MINUTE);
    const lock = await world.acquire();
    expect(lock.predecessor).toMatchObject({
      record: { processId: other.pid, progress: AS_RECORDED },
      state: 'dead',
      reason: 'its process no longer exists',
      heartbeatAge: MINUTE,
    });
  });

  it('is a stalled holder', async () => {
    const other = await startOther();
    await world.clock.advance(HOUR + 1);
    const lock = await world.acquire();
    expect(lock.predecessor).toMatchObject({
      record: { processId: other.pid, progress: AS_RECORDED },
      state: 'stalled',
      heartbeatAge: HOUR + 1,
    });
  });

  it('is a stalled holder that was terminated', async () => {
    await startOther();
    await world.clock.advance(HOUR + 1);
    const lock = await world.acquire(undefined, { terminateStalled: true });
    expect(lock.predecessor).toMatchObject({ record: { progress: AS_RECORDED }, state: 'stalled' });
  });

  it('is a stalled holder that was terminated, even if it released the lock at its end', async () => {
    const process = world.processes.start();
    const other = await world.acquire(process);
    await other.heartBeat(HALF_WAY);
    await world.clock.advance(HOUR + 1);
    const dependencies = world.as();
    vi.spyOn(dependencies.processes, 'terminate').mockImplementation(async () => {
      await other.release();
      process.kill();
    });
    const lock = await acquire(world.path, { terminateStalled: true, dependencies });
    expect(lock.predecessor).toMatchObject({
      record: { token: other.token, progress: AS_RECORDED },
      state: 'stalled',
      heartbeatAge: HOUR + 1,
    });
    await lock.release();
  });

  it('is a stalled holder that was terminated, even if its lock counts as held for a while after its end', async () => {
    const process = world.processes.start();
    const other = await world.acquire(process, { holdAtLeast: 2 * HOUR });
    await world.clock.advance(HOUR + 1);
    const dependencies = world.as();
    const terminated = vi.spyOn(dependencies.processes, 'terminate').mockImplementation(async () => {
      await other.release();
      process.kill();
    });
    const acquiring = acquire(world.path, { terminateStalled: true, wait: '2h', dependencies });
    while (terminated.mock.results.length === 0 || world.clock.sleeping === 0) await setImmediate();
    await world.clock.advance(HOUR);
    // The attempt after the hold is over.
    while (world.clock.sleeping === 0) await setImmediate();
    await world.clock.advance(SECOND);
    const lock = await acquiring;
    expect(lock.predecessor).toMatchObject({ record: { token: other.token }, state: 'stalled' });
    await lock.release();
  });

  it('is not a holder that was terminated if another one had the lock in between', async () => {
    const process = world.processes.start();
    const other = await world.acquire(process);
    await world.clock.advance(HOUR + 1);
    const between: Lock[] = [];
    const dependencies = world.as();
    vi.spyOn(dependencies.processes, 'terminate').mockImplementation(async () => {
      await other.release();
      process.kill();
      between.push(await world.acquire(world.processes.start()));
    });
    const acquiring = acquire(world.path, { terminateStalled: true, wait: '1m', dependencies });
    while (world.clock.sleeping < 2) await setImmediate();
    await between[0]?.release();
    await world.clock.advance(MINUTE);
    const lock = await acquiring;
    expect(lock.predecessor).toBeNull();
    await lock.release();
  });

  it('is the same owner from before the restart of its container', async () => {
    const place = { hostname: 'app-0', pidNamespace: 'pid:[4026532001]' };
    const before = await world.acquire(world.processes.start(place), { owner: 'app-0' });
    await before.heartBeat(HALF_WAY);
    await world.clock.advance(MINUTE);
    const restarted = world.processes.start({ ...place, pidNamespace: 'pid:[4026532002]' });
    const lock = await world.acquire(restarted, { owner: 'app-0' });
    expect(lock.predecessor).toMatchObject({
      record: { token: before.token, progress: AS_RECORDED },
      state: 'dead',
      reason: 'its owner was restarted on the same host',
    });
  });

  it.each([
    ['a PID file', (pid: number) => `${pid}\n`],
    [
      'a lock of the Go package',
      (pid: number) => `{"process_id":${pid},"timestamp":"2026-01-01T00:00:00Z"}\n`,
    ],
  ])('is the one who wrote %s, without progress', async (_what, textFor) => {
    const other = world.processes.start();
    world.write(textFor(other.pid));
    other.kill();
    expect((await world.acquire()).predecessor).toMatchObject({
      record: { processId: other.pid, progress: null },
      state: 'dead',
    });
  });

  it('has no record if a crash left only part of it', async () => {
    // The kernel stamps each change with its own clock, so here the fake one follows it.
    world.clock.stepWallClock(Date.now() - world.clock.now());
    world.write('{"process_id":42');
    await world.clock.advance(5 * SECOND);
    expect((await world.acquire()).predecessor).toMatchObject({ record: null, state: 'dead' });
  });

  it('is given to the work of `withLock` and `tryWithLock`', async () => {
    const stateOf = ({ predecessor }: Lock) => predecessor?.state;
    const options = { dependencies: world.as() };
    (await startOther()).kill();
    expect(await withLock(world.path, options, stateOf)).toBe('dead');
    (await startOther()).kill();
    expect(await tryWithLock(world.path, options, stateOf)).toMatchObject({ value: 'dead' });
  });
});

describe('the predecessor of a lock whose claim took several tries', () => {
  const NAME = 'nightly';
  let clock: FakeClock;
  let processes: FakeProcessTable;
  let store: Store;
  /** What happens to the next claims of the contender, in order; later ones are carried out. */
  let claims: ((claim: () => Promise<Outcome>) => Promise<Outcome>)[];

  beforeEach(() => {
    clock = new FakeClock();
    processes = new FakeProcessTable(clock);
    store = memoryStore({ clock, processes });
    claims = [];
  });

  const lostAnswer = async (claim: () => Promise<Outcome>): Promise<Outcome> => {
    await claim();
    throw new ErrLockStore(NAME, 'ECONNRESET', 'made up');
  };

  function contend(): Promise<Lock> {
    const claim: Store['claim'] = async (...parameters) => {
      const send = async () => store.claim(...parameters);
      return (claims.shift() ?? ((operate) => operate()))(send);
    };
    const contended: Store = {
      claim,
      resolve: (name) => store.resolve(name),
      read: (name) => store.read(name),
      beat: (...beat) => store.beat(...beat),
      remove: (...removal) => store.remove(...removal),
    };
    return acquire(NAME, { store: contended, dependencies: { clock, processes } });
  }

  async function acquireByOther(): Promise<{ readonly lock: Lock; readonly process: FakeProcess }> {
    const process = processes.start();
    const dependencies = { clock, processes: processes.as(process) };
    return { lock: await acquire(NAME, { store, dependencies, heartbeatMinimalInterval: 0 }), process };
  }

  async function crashAt(note: string): Promise<void> {
    const { lock, process } = await acquireByOther();
    await lock.heartBeat({ note });
    process.kill();
  }

  const noteOf = (lock: Lock) => lock.predecessor?.record?.progress?.note;

  it('is the one that was replaced, if the answer was lost', async () => {
    await crashAt('page 17');
    claims = [lostAnswer];
    expect(noteOf(await contend())).toBe('page 17');
  });

  it('is the one that was replaced, if an earlier call was told that it had failed', async () => {
    await crashAt('page 17');
    claims = [lostAnswer, lostAnswer];
    await expect(contend()).rejects.toThrow(ErrLockStore);
    expect(noteOf(await contend())).toBe('page 17');
  });

  it('is the one that was replaced, if the answer came too late', async () => {
    await crashAt('page 17');
    claims = [
      async (claim) => {
        const outcome = await claim();
        await clock.advance(2 * HOUR);
        return outcome;
      },
    ];
    expect(noteOf(await contend())).toBe('page 17');
  });

  it('is not one that somebody else has replaced meanwhile', async () => {
    await crashAt('page 17');
    claims = [
      async (claim) => {
        const { lock } = await acquireByOther();
        const refused = await claim();
        await lock.release();
        return refused;
      },
    ];
    expect((await contend()).predecessor).toBeNull();
  });

  it('is the last of two that crashed meanwhile', async () => {
    await crashAt('page 17');
    claims = [
      async (claim) => {
        await crashAt('page 18');
        return claim();
      },
    ];
    expect(noteOf(await contend())).toBe('page 18');
  });

  it('is nobody, if the lock was free and the answer was lost', async () => {
    claims = [lostAnswer];
    expect((await contend()).predecessor).toBeNull();
  });
});
