import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, RESP_TYPES } from 'redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { acquire, inspect } from '../../../src/index.js';
import { type RedisClient, type RedisStoreOptions, redisStore } from '../../../src/stores/redis/index.js';
import { describeWithRedis } from '../../../support/redis/describe-with-redis.js';
import { ioRedis } from '../../../support/redis/redis-drivers.js';
import { KEY, NAME, Scene } from '../../../support/redis/redis-scene.js';
import { RedisServer } from '../../../support/redis/redis-server.js';

/** What a job does with a lock. */
async function use(client: RedisClient, options?: RedisStoreOptions): Promise<void> {
  const store = redisStore(client, options);
  const lock = await acquire(NAME, { store, heartbeatMinimalInterval: 0 });
  await lock.heartBeat({ note: 'half-way' });
  expect(await inspect(NAME, { store })).toMatchObject({ state: 'live', holder: { token: lock.token } });
  await lock.release();
  expect(await inspect(NAME, { store })).toMatchObject({ state: 'free' });
}

describeWithRedis('a client', (server) => {
  it('of ioredis with its own prefix keeps its locks under both prefixes', async () => {
    const scene = await Scene.open(server());
    const client = new Redis(server().url, { keyPrefix: 'shop*:' });
    onTestFinished(() => client.disconnect());
    await use(client);
    expect(await scene.connection.call('KEYS', '*')).toEqual([`shop*:${KEY}`]);
    const store = redisStore(client);
    await acquire('one', { store });
    await acquire('two', { store: redisStore(scene.connection.client) });
    expect(await store.names?.()).toEqual(['one']);
  });

  it.each([{ stringNumbers: true }, { enableAutoPipelining: true }, { showFriendlyErrorStack: true }])(
    'of ioredis with %j',
    async (options) => {
      await Scene.open(server());
      const client = new Redis(server().url, options);
      onTestFinished(() => client.disconnect());
      await use(client);
    },
  );

  it.each([2, 3] as const)('of node-redis that speaks RESP%i', async (RESP) => {
    await Scene.open(server());
    const client = await createClient({ url: server().url, RESP }).connect();
    onTestFinished(() => client.destroy());
    await use(client);
  });

  it('of node-redis that returns buffers', async () => {
    await Scene.open(server());
    const client = await createClient({ url: server().url }).connect();
    onTestFinished(() => client.destroy());
    await use(client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }));
  });

  it('of node-redis that is a pool', async () => {
    await Scene.open(server());
    const pool = createClientPool({ url: server().url });
    onTestFinished(() => pool.destroy());
    await pool.connect();
    await use(pool);
  });

  describe('in a cluster', () => {
    let node: RedisServer;
    /** A cluster of one node, which has all slots. */
    beforeAll(async () => {
      node = await RedisServer.start('--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1');
      const { call, close } = await ioRedis.connect(node.url);
      await call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      while (!String(await call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(20);
      close();
    });
    afterAll(() => node.end());

    it('of node-redis sends a lock to the node of its key', async () => {
      await Scene.open(node, ioRedis);
      const cluster = createCluster({ rootNodes: [{ url: node.url }] });
      await cluster.on('error', () => {}).connect();
      onTestFinished(() => cluster.destroy());
      await use(cluster);
      await expectNames(cluster);
    });

    it('of ioredis, too', async () => {
      await Scene.open(node, ioRedis);
      const cluster = new Cluster([node.url]);
      onTestFinished(() => cluster.disconnect());
      await use(cluster);
      await expectNames(cluster);
    });
  });
});

async function expectNames(cluster: RedisClient): Promise<void> {
  await expect(Promise.resolve(redisStore(cluster).names?.())).rejects.toMatchObject({
    code: 'ERR_LOCK_IN_CLUSTER',
    message: expect.stringMatching(/^Cannot list the locks livinglock:\*: they are spread over the nodes/),
  });
  const store = redisStore(cluster, { prefix: '{livinglock}:' });
  const lock = await acquire('one', { store });
  expect(await store.names?.()).toEqual(['one']);
  await lock.release();
}
