import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type AcquireOptions, acquire, ErrLockBusy, type Lock } from '../src/index.js';
import { type RedisStoreOptions, redisStore } from '../src/stores/redis/index.js';
import { type FakeClock, FakeProcessTable } from '../src/testing/index.js';
import { type Cut, CuttingProxy } from '../support/cutting-proxy.js';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { type Connection, type Driver, drivers } from '../support/redis/redis-drivers.js';
import { connect, NAME, Scene } from '../support/redis/redis-scene.js';
import { RedisServer } from '../support/redis/redis-server.js';
import { poll } from '../support/running.js';

const SECOND = 1000;
const HOUR = 3_600_000;
const CUTS: readonly Cut[] = ['before', 'after'];

describeWithRedis('connections to a Redis server', (server) => {
  describe.each(drivers.flatMap((driver) => CUTS.map((when) => ({ driver, name: driver.name, when }))))(
    'by $name that are cut $when the server has done what it was asked',
    ({ driver, when }) => {
      let line: Line;

      beforeEach(async () => {
        line = await Line.to(server(), driver);
      });

      test('when a lock is created, still give the lock, once', async () => {
        await line.eachCut(when, async ({ scene, acquireHere, arm }) => {
          arm();
          const lock = await acquireHere();
          expect(await scene.hash()).toMatchObject({
            token: lock.token,
            fencing_token: String(lock.fencingToken),
          });
          await lock.heartBeat();
          await lock.release();
          expect(await scene.hash()).not.toHaveProperty('lock_owner');
        });
      });

      test('when a lock is taken over, still give the lock, once', async () => {
        await line.eachCut(when, async ({ scene, acquireHere, arm }) => {
          const processes = new FakeProcessTable();
          const process = processes.start();
          const dead = await acquireHere({ dependencies: { processes: processes.as(process) } });
          process.kill();
          arm();
          const lock = await acquireHere({ dependencies: { processes } });
          expect(lock.fencingToken).toBeGreaterThan(dead.fencingToken);
          expect(await scene.hash()).toMatchObject({
            token: lock.token,
            fencing_token: String(lock.fencingToken),
          });
          await lock.release();
        });
      });

      test('at a heartbeat, do not keep it from being sent', async () => {
        await line.eachCut(when, async ({ scene, acquireHere, arm }) => {
          const lock = await acquireHere();
          arm();
          await lock.heartBeat({ progress: 0.5 });
          expect(await scene.hash()).toMatchObject({
            token: lock.token,
            progress: '{"ratio":0.5,"note":null}',
          });
          await lock.release();
        });
      });

      test('at a release, do not keep the lock from becoming free', async () => {
        await line.eachCut(when, async ({ scene, acquireHere, arm }) => {
          const lock = await acquireHere();
          arm();
          await lock.release();
          expect(await scene.hash()).toMatchObject({ token: lock.token });
          expect(await scene.hash()).not.toHaveProperty('lock_owner');
        });
      });

      test('at a release with a minimum hold time, do not shorten it', async () => {
        await line.eachCut(when, async ({ scene, acquireHere, arm }) => {
          const lock = await acquireHere({ holdAtLeast: HOUR });
          arm();
          await lock.release();
          expect((await scene.inspect()).state).toBe('cooldown');
          await scene.connection.call('FLUSHALL');
        });
      });

      test('repeatedly let nobody hold a lock without knowing it', async () => {
        const { scene, acquireHere, connection } = await line.warm();
        // The connection is open already: the requests are to read, and to claim.
        for (const [request, attempted] of [
          [1, 'read'],
          [2, 'create'],
        ] as const) {
          line.proxy.cutFrom(request, when);
          const { clock } = scene;
          const failed = acquire(NAME, { store: redisStore(connection.client, { clock }) });
          await line.toGiveUp(clock, failed, attempted);
          const isCarriedOut = when === 'after' && request === 2;
          expect('lock_owner' in (await scene.hash())).toBe(isCarriedOut);
          if (isCarriedOut) await expect(scene.acquire()).rejects.toThrow(ErrLockBusy);
          line.proxy.heal();

          // Whatever the client may still send of the abandoned claim arrives first.
          const lock = await acquireHere();
          expect(await scene.hash()).toMatchObject({ token: lock.token });
          await lock.heartBeat();
          await lock.release();
          expect(await scene.hash()).not.toHaveProperty('lock_owner');
        }
      });

      test('repeatedly make heartbeats and releases fail until they are restored', async () => {
        const { scene, acquireHere } = await line.warm();
        const { clock } = scene;
        const lock = await acquireHere({}, { clock });
        for (const [attempted, attempt] of [
          ['write a heartbeat to', () => lock.heartBeat()],
          ['release', () => lock.release()],
        ] as const) {
          line.proxy.cutFrom(1, when);
          await line.toGiveUp(clock, attempt(), attempted);
          line.proxy.heal();
          expect(lock.signal.aborted).toBe(false);
          await whileTimePasses(clock, attempt());
        }
        expect(await scene.hash()).toMatchObject({ token: lock.token });
        expect(await scene.hash()).not.toHaveProperty('lock_owner');
      });

      test('while idle, are opened again', async () => {
        const { scene, acquireHere } = await line.warm();
        const lock = await acquireHere();
        await scene.connection.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
        await lock.heartBeat();
        await lock.release();
      });
    },
  );
});

describeWithRedis('a Redis server that persists every answered write', () => {
  let server: RedisServer;
  beforeEach(async () => {
    server = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
    onTestFinished(() => server.end());
  });

  test.each(drivers)('lets the holder go on when it is back, by $name', async (driver) => {
    const { client } = await connect(server.url, driver);
    const lock = await acquire(NAME, { heartbeatMinimalInterval: 0, store: redisStore(client) });
    await server.stop();
    const beaten = lock.heartBeat({ note: 'late' });
    await server.start();
    await beaten;
    expect(lock.signal.aborted).toBe(false);
    expect(await (await Scene.look(server)).hash()).toMatchObject({
      progress: '{"ratio":null,"note":"late"}',
    });
    await lock.release();
  });
});

/** A connection to the server through a proxy that cuts it. */
class Line {
  readonly proxy: CuttingProxy;
  readonly #server: RedisServer;
  readonly #driver: Driver;

  static async to(server: RedisServer, driver: Driver): Promise<Line> {
    const proxy = await CuttingProxy.start({ port: server.port, host: '127.0.0.1' });
    onTestFinished(() => proxy.end());
    return new Line(server, proxy, driver);
  }

  private constructor(server: RedisServer, proxy: CuttingProxy, driver: Driver) {
    this.#server = server;
    this.proxy = proxy;
    this.#driver = driver;
  }

  /** An empty Redis that has the scripts loaded, and an open connection through the proxy. */
  async warm(): Promise<Warm> {
    const scene = await Scene.open(this.#server);
    const connection = await connect(`redis://127.0.0.1:${this.proxy.port}`, this.#driver);
    const acquireHere = (options: AcquireOptions = {}, store: RedisStoreOptions = {}) =>
      acquire(NAME, {
        heartbeatMinimalInterval: 0,
        store: redisStore(connection.client, { ...store, ...options.dependencies }),
        ...options,
      });
    const lock = await acquireHere({ holdAtLeast: HOUR });
    await lock.heartBeat();
    await lock.release();
    await scene.connection.call('FLUSHALL');
    return { scene, connection, acquireHere };
  }

  /** The timeout ends when the first cut has come, and no sooner. */
  async toGiveUp(clock: FakeClock, failing: Promise<unknown>, attempted: string): Promise<void> {
    const failed = expect(failing).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: 'ETIMEDOUT',
      message: expect.stringMatching(`^Cannot ${attempted} the lock nightly: no answer within 30 seconds`),
    });
    await poll('There was no cut', () => this.proxy.hasCut);
    await clock.advance(30 * SECOND);
    await failed;
  }

  /**
   * Repeats an operation, and cuts at its first request, then at its second, and so on, until there are no more. Requests
   * count from the call of `arm`.
   */
  async eachCut(when: Cut, act: (warm: Warm & { readonly arm: () => void }) => Promise<void>): Promise<void> {
    let requests = 0;
    do {
      requests++;
      await act({ ...(await this.warm()), arm: () => this.proxy.cutAt(requests, when) });
    } while (this.proxy.hasCut);
    expect(requests).toBeGreaterThan(1);
  }
}

/** So slowly that the load lasts long enough. */
async function whileTimePasses(clock: FakeClock, act: Promise<void>): Promise<void> {
  let isOver = false;
  const ended = act.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await clock.advance(1);
    await sleep(5);
  }
  await ended;
}

interface Warm {
  /** Over another connection, which is never cut. */
  readonly scene: Scene;
  readonly connection: Connection;
  readonly acquireHere: (options?: AcquireOptions, store?: RedisStoreOptions) => Promise<Lock>;
}
