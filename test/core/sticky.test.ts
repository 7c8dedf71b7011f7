import { describe, expect, it } from 'vitest';
import { type AcquireOptions, acquire, breakLock, ErrLockBusy, inspect } from '../../src/index.js';
import { FakeProcessTable } from '../../src/testing/index.js';
import { HOUR, MINUTE, SECOND, World } from '../../support/world.js';

/** A server that holds the lock for longer than the time between two of its runs. */
const SERVER_1 = { owner: 'server-1', sticky: true, holdAtLeast: '25m' } as const;
const SERVER_2 = { ...SERVER_1, owner: 'server-2' };

/** Acquires the lock and releases it at once. */
async function runOnce(world: World, options: AcquireOptions): Promise<void> {
  const lock = await world.acquire(undefined, options);
  await lock.release();
}

describe('a released lock that still counts as held', () => {
  it('is held no longer than the last run of its owner asked for', async () => {
    const world = new World();
    await runOnce(world, SERVER_1);
    await runOnce(world, { ...SERVER_1, holdAtLeast: '1m' });
    await world.clock.advance(MINUTE);
    await world.acquire(undefined, SERVER_2);
  });

  it('is free after a run of its sticky owner without `holdAtLeast`', async () => {
    const world = new World();
    await runOnce(world, SERVER_1);
    await runOnce(world, { owner: 'server-1', sticky: true });
    await world.acquire(undefined, SERVER_2);
  });

  it.each<[who: string, options: AcquireOptions]>([
    ['another owner', SERVER_2],
    ['its owner, if it is not sticky', { owner: 'server-1' }],
    ['somebody without an owner', {}],
  ])('is busy for %s', async (_who, options) => {
    const world = new World();
    await runOnce(world, SERVER_1);
    await expect(world.acquire(undefined, options)).rejects.toThrow(
      /was released .* by server-1, .* but counts as held for another 25 minutes/,
    );
  });

  it('is busy for every sticky contender if it was released by somebody without an owner', async () => {
    const world = new World();
    await runOnce(world, { holdAtLeast: HOUR });
    await expect(world.acquire(undefined, SERVER_1)).rejects.toThrow(ErrLockBusy);
  });

  it('is taken again at once by its owner, even with `wait`', async () => {
    const world = new World();
    await runOnce(world, SERVER_1);
    const lock = await world.acquire(undefined, { ...SERVER_1, wait: HOUR });
    await lock.heartBeat();
  });

  it('is reported as in cooldown, and is broken only by force', async () => {
    const world = new World();
    await runOnce(world, SERVER_1);
    const options = { dependencies: world.as() };
    expect((await inspect(world.path, options)).state).toBe('cooldown');
    await expect(breakLock(world.path, options)).rejects.toThrow(ErrLockBusy);
  });
});

describe('a sticky owner', () => {
  it('does not rob a live holder that has its name', async () => {
    const world = new World();
    const lock = await world.acquire(undefined, SERVER_1);
    await expect(world.acquire(undefined, SERVER_1)).rejects.toThrow(ErrLockBusy);
    await lock.release();
    const again = await world.acquire(undefined, SERVER_1);
    await expect(world.acquire(undefined, SERVER_1)).rejects.toThrow(ErrLockBusy);
    await again.heartBeat();
  });

  it('leaves the lock to anyone if its process dies before the release', async () => {
    const world = new World();
    await runOnce(world, SERVER_1);
    const process = world.processes.start();
    await world.acquire(process, SERVER_1);
    process.kill();
    await world.acquire(undefined, SERVER_2);
  });

  it('stays in charge if it always returns in time', async () => {
    const world = new World();
    const servers = [1, 2, 3].map((number) => {
      const table = new FakeProcessTable(world.clock);
      const process = table.start({ hostname: `server-${number}`, bootId: `boot-${number}` });
      const dependencies = { clock: world.clock, processes: table.as(process) };
      return { ...SERVER_1, owner: `server-${number}`, dependencies };
    });
    /** All servers start the job; returns which of them ran it. */
    const startAll = async (but?: string) => {
      let ran = '';
      for (const server of servers.filter(({ owner }) => owner !== but)) {
        await acquire(world.path, server).then(
          async (lock) => {
            ran += server.owner;
            await world.clock.advance(SECOND);
            await lock.release();
          },
          (error) => expect(error).toBeInstanceOf(ErrLockBusy),
        );
      }
      servers.reverse();
      await world.clock.advance(10 * MINUTE);
      return ran;
    };
    const runs: string[] = [];
    for (let count = 1; count <= 6; count++) runs.push(await startAll());
    for (let count = 1; count <= 4; count++) runs.push(await startAll('server-1'));
    runs.push(await startAll());
    const [successor = ''] = runs.slice(8);
    expect(successor).toMatch(/^server-[23]$/);
    expect(runs).toEqual([...Array(6).fill('server-1'), '', '', successor, successor, successor]);
  });
});
