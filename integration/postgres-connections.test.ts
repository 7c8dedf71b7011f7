import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { acquire, ErrLockBusy, ErrLockStore } from '../src/index.js';
import { FakeClock } from '../src/testing/index.js';
import { type Cut, CuttingProxy } from '../support/cutting-proxy.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';

const HOUR = 3_600_000;
const CUTS: readonly Cut[] = ['before', 'after'];

describeWithPostgres('connections to a PostgreSQL server', (server) => {
  describe.each(CUTS)('that are cut %s the server has done what it was asked', (when) => {
    let line: Line;

    beforeEach(async () => {
      line = await Line.to(server());
    });

    test('when a lock is created, still give the lock', async () => {
      await line.eachCut(when, async (locks, pool, arm) => {
        arm();
        const lock = await locks.acquire(pool);
        expect(await locks.row()).toMatchObject({ token: lock.token });
        await lock.heartBeat();
        await lock.release();
      });
    });

    test('when a lock is taken over', async () => {
      await line.eachCut(when, async (locks, pool, arm) => {
        const dead = await locks.acquireByDead();
        arm();
        const lock = await locks.acquire(pool, { dependencies: { processes: locks.processes } });
        expect(lock.fencingToken).toBeGreaterThan(dead.fencingToken);
        expect(await locks.row()).toMatchObject({ token: lock.token });
        await lock.release();
      });
    });

    test('at a heartbeat', async () => {
      await line.eachCut(when, async (locks, pool, arm) => {
        const lock = await locks.acquire(pool);
        arm();
        await lock.heartBeat({ progress: 0.5 });
        expect(await locks.row()).toMatchObject({ token: lock.token, progress: { ratio: 0.5, note: null } });
        await lock.release();
      });
    });

    test('at a release', async () => {
      await line.eachCut(when, async (locks, pool, arm) => {
        const lock = await locks.acquire(pool);
        arm();
        await lock.release();
        expect(await locks.row()).toMatchObject({ token: lock.token, lock_owner: null });
      });
    });

    test('at a release with a minimum hold time', async () => {
      await line.eachCut(when, async (locks, pool, arm) => {
        const lock = await locks.acquire(pool, { holdAtLeast: HOUR });
        arm();
        await lock.release();
        expect((await locks.inspect()).state).toBe('cooldown');
      });
    });

    test('repeatedly let nobody hold a lock without knowing it', async () => {
      const { proxy } = line;
      // The connection is open already: the requests are to read, and to claim.
      for (const request of [1, 2]) {
        const { locks, pool } = await line.warm();
        proxy.cutFrom(request, when);
        const failed = locks.acquire(pool);
        await expect(failed).rejects.toThrow(ErrLockStore);
        await expect(failed).rejects.toMatchObject({
          code: expect.stringMatching(/^(?:08006|ECONNRESET)$/),
          message: expect.stringMatching(/^Cannot (?:read|create) the lock nightly .+: /),
        });
        proxy.heal();

        const row = await locks.row();
        const isCarriedOut = when === 'after' && request === 2;
        expect(row !== null && row['lock_owner'] !== null).toBe(isCarriedOut);
        if (isCarriedOut) {
          const other = { processes: locks.processes };
          await expect(locks.acquire(pool, { dependencies: other })).rejects.toThrow(ErrLockBusy);
        }
        const lock = await locks.acquire(pool);
        expect(await locks.row()).toMatchObject({ token: lock.token });
        await lock.heartBeat();
        await lock.release();
        expect(await locks.row()).toMatchObject({ lock_owner: null });
      }
    });

    test('repeatedly make heartbeats and releases fail until they are restored', async () => {
      const { proxy } = line;
      const { locks, pool } = await line.warm();
      const lock = await locks.acquire(pool);
      for (const attempt of [() => lock.heartBeat(), () => lock.release()]) {
        proxy.cutFrom(1, when);
        const failed = attempt();
        await expect(failed).rejects.toThrow(ErrLockStore);
        await expect(failed).rejects.toThrow(/^Cannot (?:write a heartbeat to|release) the lock nightly/);
        proxy.heal();
        expect(lock.signal.aborted).toBe(false);
        await attempt();
      }
      expect(await locks.row()).toMatchObject({ token: lock.token, lock_owner: null });
    });
  });

  describe('that are all in use, in a pool', () => {
    const USED_UP = {
      name: 'ErrLockStore',
      code: 'ETIMEDOUT',
      message: expect.stringContaining(
        'no answer within 30 seconds. All connections of the pool are in use: check that the server answers. ' +
          'In a program, the job may hold the only one: raise `max` of the pool, or give the lock a pool of its own.',
      ),
    };

    test('do not hold up a contender forever, and tell it', async () => {
      const locks = new PostgresLocks(server());
      const pool = poolOf(server(), { max: 1 });
      const own = await pool.connect();
      const clock = new FakeClock();
      const refused = expect(
        acquire(locks.lock, { store: locks.store(pool, { clock }) }),
      ).rejects.toMatchObject(USED_UP);
      await clock.advance(30_000);
      await refused;
      own.release();
      await (await locks.acquire(pool)).release();
    });

    test('do not lose the lock of the job that has taken the only one', async () => {
      const locks = new PostgresLocks(server());
      const pool = poolOf(server(), { max: 1 });
      const clock = new FakeClock();
      const store = locks.store(pool, { clock });
      const lock = await acquire(locks.lock, { store, heartbeatMinimalInterval: 0 });
      const own = await pool.connect();
      for (const attempt of [() => lock.heartBeat(), () => lock.release()]) {
        const refused = expect(attempt()).rejects.toMatchObject(USED_UP);
        await clock.advance(30_000);
        await refused;
      }
      expect(lock.signal.aborted).toBe(false);
      own.release();
      // The release that was given up is carried out now.
      await lock.release();
      expect(await locks.row()).toMatchObject({ token: lock.token, lock_owner: null });
    });
  });

  test('that was away lets the holder go on when it is back', async () => {
    const locks = new PostgresLocks(server());
    const lock = await locks.acquire();
    await server().stop();
    await expect(lock.heartBeat()).rejects.toMatchObject({
      name: 'ErrLockStore',
      message: expect.stringMatching(/^Cannot write a heartbeat to the lock nightly .+: /),
    });
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('Check that the server is running and that its address is right.'),
    });
    await expect(locks.acquire()).rejects.toMatchObject({ code: 'ENOENT' });
    await server().resume();
    await lock.heartBeat();
    expect(lock.signal.aborted).toBe(false);
    await lock.release();
  });
});

/** Connections to the server through a proxy that cuts them. */
class Line {
  readonly proxy: CuttingProxy;
  readonly #server: PostgresServer;

  static async to(server: PostgresServer): Promise<Line> {
    const proxy = await CuttingProxy.start({ path: server.socket });
    onTestFinished(() => proxy.end());
    return new Line(server, proxy);
  }

  private constructor(server: PostgresServer, proxy: CuttingProxy) {
    this.#server = server;
    this.proxy = proxy;
  }

  /** A table that exists, and an open connection through the proxy. */
  async warm() {
    const locks = new PostgresLocks(this.#server);
    const pool = poolOf(this.#server, { connectionString: this.#server.urlThrough(this.proxy.port), max: 1 });
    await (await locks.acquire(pool)).release();
    // Otherwise the revisions would count from there.
    await locks.pool.query(`DELETE FROM ${locks.table}`);
    return { locks, pool };
  }

  /**
   * Repeats an operation, and cuts at its first request, then at its second, and so on, until there are no more. Requests
   * count from the call of `arm`.
   */
  async eachCut(
    when: Cut,
    act: (locks: PostgresLocks, pool: PostgresServerPool, arm: () => void) => Promise<void>,
  ): Promise<void> {
    let requests = 0;
    do {
      requests++;
      const { locks, pool } = await this.warm();
      await act(locks, pool, () => this.proxy.cutAt(requests, when));
    } while (this.proxy.hasCut);
    expect(requests).toBeGreaterThan(1);
  }
}

type PostgresServerPool = ReturnType<typeof poolOf>;
