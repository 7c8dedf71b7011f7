import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { acquire, inspect } from '../src/index.js';
import { type RedisClient, redisStore } from '../src/stores/redis/index.js';
import { type Connection, ioRedis } from '../support/redis/redis-drivers.js';
import { canServeRedis, RedisServer } from '../support/redis/redis-server.js';
import { poll } from '../support/running.js';

const KEY = 'livinglock:nightly';
const HOST = '127.0.0.1';

interface Node {
  readonly server: RedisServer;
  readonly operator: Connection;
  readonly id: string;
}

const nodes: Node[] = [];

async function startNode(): Promise<Node> {
  const server = await RedisServer.start('--cluster-enabled', 'yes', '--cluster-announce-ip', HOST);
  const operator = await ioRedis.connect(server.url);
  const node = { server, operator, id: String(await operator.call('CLUSTER', 'MYID')) };
  nodes.push(node);
  return node;
}

const clients: Readonly<Record<string, () => Promise<RedisClient>>> = {
  async 'node-redis'() {
    const cluster = createCluster({ rootNodes: nodes.map(({ server: { url } }) => ({ url })) });
    await cluster.on('error', () => {}).connect();
    onTestFinished(() => cluster.destroy());
    return cluster;
  },
  async ioredis() {
    const cluster = new Cluster(nodes.map(({ server: { url } }) => url));
    onTestFinished(() => cluster.disconnect());
    return cluster;
  },
};

/** The steps of moving a slot, as `redis-cli --cluster reshard` does it. */
async function move(slot: string, from: Node, to: Node, afterEachStep: () => Promise<void>): Promise<void> {
  await to.operator.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
  await from.operator.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
  await afterEachStep();
  await from.operator.call('MIGRATE', HOST, String(to.server.port), KEY, '0', '5000');
  // Clients are still sent to the old node, which sends them on with ASK.
  await afterEachStep();
  for (const { operator } of [to, from]) await operator.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
  // It sends them on with MOVED.
  await afterEachStep();
}

describe.skipIf(!canServeRedis)('a lock in a cluster of Redis servers', () => {
  beforeAll(async () => {
    const [one, other] = [await startNode(), await startNode()];
    await one.operator.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await other.operator.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await one.operator.call('CLUSTER', 'MEET', HOST, String(other.server.port));
    await poll('The nodes do not know each other', async () => {
      const states = await Promise.all(nodes.map(({ operator }) => operator.call('CLUSTER', 'INFO')));
      return states.every((state) => String(state).includes('cluster_state:ok'));
    });
  });

  afterAll(async () => {
    for (const { operator, server } of nodes) {
      operator.close();
      await server.end();
    }
  });

  test.each(Object.keys(clients))('is held while its key is moved to another node: %s', async (name) => {
    const [low, high] = nodes;
    if (low === undefined || high === undefined) throw new Error('There are no nodes.');
    const slot = Number(await low.operator.call('CLUSTER', 'KEYSLOT', KEY));
    const [home, away] = slot < 8192 ? [low, high] : [high, low];
    const client = await clients[name]?.();
    if (client === undefined) throw new Error(`There is no ${name}.`);
    const store = redisStore(client);
    const options = { store, heartbeatMinimalInterval: 0 };

    const lock = await acquire('nightly', options);
    const isHeld = async () => {
      await lock.heartBeat();
      await expect(acquire('nightly', options)).rejects.toMatchObject({ code: 'ERR_LOCK_BUSY' });
      expect(await inspect('nightly', { store })).toMatchObject({ holder: { token: lock.token } });
    };
    await move(String(slot), home, away, isHeld);
    await move(String(slot), away, home, isHeld);
    await lock.release();
    expect(await inspect('nightly', { store })).toMatchObject({ state: 'free' });
  });
});
