import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rmSync } from 'node:fs';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { HolderEvents } from '../../../src/core/events/holder-events.js';
import {
  breakLock,
  channels,
  ErrLockBusy,
  ErrLockLost,
  type LockEvent,
  tryWithLock,
  withLock,
} from '../../../src/index.js';
import { FakeClock } from '../../../src/testing/index.js';
import { eventsOf, namesOf, type Published } from '../../../support/events.js';
import { HOUR, MINUTE, SECOND, someRecord, World } from '../../../support/world.js';

describe('the events of a lock in a file', () => {
  let world: World;
  let events: readonly Published[];

  beforeEach(() => {
    world = new World();
    events = eventsOf(world.path);
  });

  it('are published from the acquisition to the release, each with the token', async () => {
    const lock = await world.acquire();
    await world.clock.advance(MINUTE);
    await lock.heartBeat({ progress: 0.4, note: 'page 17' });
    await world.clock.advance(2 * MINUTE);
    await lock.heartBeat();
    await lock.release();
    await lock.release();
    const { token, fencingToken } = lock;
    const common = { lock: world.path, token, fencingToken };
    const progress = { ratio: 0.4, note: 'page 17' };
    expect(events).toEqual([
      { channel: 'acquired', ...common, waited: 0, predecessor: null },
      { channel: 'heartbeat', ...common, progress, duration: 0, interval: MINUTE },
      { channel: 'heartbeat', ...common, progress, duration: 0, interval: 2 * MINUTE },
      { channel: 'released', ...common, held: 3 * MINUTE },
    ]);
  });

  it('name the predecessor before the acquisition', async () => {
    const other = world.processes.start();
    await world.acquire(other);
    other.kill();
    const lock = await world.acquire();
    const { predecessor } = lock;
    expect(predecessor).toMatchObject({ state: 'dead' });
    expect(events.slice(1)).toMatchObject([
      { channel: 'takeover', token: lock.token, predecessor },
      { channel: 'acquired', token: lock.token, predecessor },
    ]);
  });

  it('say once that the lock is busy, and who holds it', async () => {
    const other = world.processes.start();
    await world.acquire(other);
    await world.clock.advance(MINUTE);
    const error = await world.acquire().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ErrLockBusy);
    expect(events.slice(1)).toEqual([
      {
        channel: 'busy',
        lock: world.path,
        holder: expect.objectContaining({ processId: other.pid }),
        heartbeatAge: MINUTE,
        waited: 0,
        error,
      },
    ]);
  });

  it('say once that a call waits, and then that it waited in vain', async () => {
    const other = world.processes.start();
    await world.acquire(other);
    const refused = expect(world.acquire(undefined, { wait: '10s' })).rejects.toThrow(ErrLockBusy);
    await world.clock.advance(10 * SECOND);
    await refused;
    const holder = { processId: other.pid };
    expect(events.slice(1)).toMatchObject([
      { channel: 'waiting', holder, heartbeatAge: 0, wait: 10 * SECOND, error: expect.any(ErrLockBusy) },
      { channel: 'busy', holder, heartbeatAge: 10 * SECOND, waited: 10 * SECOND },
    ]);
  });

  it('say for how long a call has waited', async () => {
    const held = await world.acquire(world.processes.start());
    const waiting = world.acquire(undefined, { wait: HOUR });
    await world.clock.advance(MINUTE);
    await held.release();
    await world.clock.advance(SECOND);
    const lock = await waiting;
    expect(namesOf(events)).toEqual(['acquired', 'waiting', 'released', 'acquired']);
    const { waited } = Object(events[3]);
    expect(waited).toBeGreaterThanOrEqual(MINUTE);
    expect(waited).toBeLessThanOrEqual(MINUTE + SECOND);
    await lock.release();
  });

  it('say nothing of heartbeats that are not written, and once that one is written late', async () => {
    const lock = await world.acquire(undefined, { heartbeatMinimalInterval: '1m' });
    for (let call = 1; call <= 10; call++) await lock.heartBeat({ note: `page ${call}` });
    expect(namesOf(events)).toEqual(['acquired']);
    await world.clock.advance(MINUTE);
    expect(events.slice(1)).toMatchObject([
      { channel: 'heartbeat', progress: { note: 'page 10' }, interval: MINUTE },
    ]);
  });

  it('say that the names of workers were written', async () => {
    const lock = await world.acquire();
    await lock.setWorkers([]);
    expect(namesOf(events)).toEqual(['acquired', 'heartbeat']);
  });

  it('say once that the lock was lost, if a heartbeat notices it', async () => {
    const lock = await world.acquire(world.processes.start());
    await world.clock.advance(2 * HOUR);
    const next = await world.acquire();
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
    await world.clock.advance(HOUR);
    const ofLost = events.filter((event) => Object(event).token === lock.token);
    expect(namesOf(ofLost)).toEqual(['acquired', 'lost']);
    expect(ofLost[1]).toMatchObject({
      held: 2 * HOUR,
      error: { successor: { token: next.token }, isCertain: true },
    });
  });

  it('say once that the lock was lost, if a check between heartbeats notices it', async () => {
    const lock = await world.acquire();
    rmSync(world.path);
    await world.clock.advance(MINUTE);
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    expect(namesOf(events)).toEqual(['acquired', 'lost']);
    expect(events[1]).toMatchObject({ held: 30 * SECOND, error: { successor: null } });
  });

  it('say that the lock was lost if somebody breaks it, who publishes nothing', async () => {
    const lock = await world.acquire();
    await breakLock(world.path, { force: true, dependencies: world.as(world.processes.start()) });
    await expect(breakLock(world.path, { dependencies: world.as() })).resolves.toMatchObject({
      state: 'free',
    });
    await expect(lock.release()).rejects.toThrow(ErrLockLost);
    expect(namesOf(events)).toEqual(['acquired', 'lost']);
  });

  it('are published by `withLock` and `tryWithLock`, even if the work fails', async () => {
    const options = { dependencies: world.as() };
    await withLock(world.path, options, () => tryWithLock(world.path, options, () => {}));
    const failing = tryWithLock(world.path, options, () => Promise.reject(new Error('disk on fire')));
    await expect(failing).rejects.toThrow('disk on fire');
    expect(namesOf(events)).toEqual(['acquired', 'busy', 'released', 'acquired', 'released']);
  });

  it('are published in the asynchronous context of their caller', async () => {
    const caller = new AsyncLocalStorage<string>();
    const callers: (string | undefined)[] = [];
    const onAcquired = ({ lock }: LockEvent) => {
      if (lock === world.path) callers.push(caller.getStore());
    };
    channels.acquired.subscribe(onAcquired);
    onTestFinished(() => channels.acquired.unsubscribe(onAcquired));
    const held = await caller.run('first', () => world.acquire());
    const waiting = caller.run('second', () => world.acquire(undefined, { wait: HOUR }));
    await caller.run('first', () => held.release());
    await world.clock.advance(MINUTE);
    await waiting;
    expect(callers).toEqual(['first', 'second']);
  });

  it('are found by the name of their channel', async () => {
    const found: unknown[] = [];
    const onEvent = (event: unknown) => found.push(event);
    subscribe('livinglock:released', onEvent);
    onTestFinished(() => void unsubscribe('livinglock:released', onEvent));
    const lock = await world.acquire();
    await lock.release();
    expect(found).toMatchObject([{ lock: world.path }]);
  });
});

describe('without subscribers', () => {
  it('no event is composed', () => {
    const refuse = () => {
      throw new Error('nobody has asked');
    };
    const holder = new HolderEvents({
      name: 'nightly',
      token: 'made up',
      clock: Object.assign(new FakeClock(), { monotonic: refuse }),
      record: someRecord(),
      calledAt: 0,
      claimedAt: 0,
      predecessor: { record: null, state: 'dead', reason: 'made up', heartbeatAge: 0 },
    });
    holder.acquired();
    holder.heartbeatWritten(someRecord(), 0);
    holder.ended({ is: 'released' });
    expect(Object.values(channels).some(({ hasSubscribers }) => hasSubscribers)).toBe(false);
  });
});
