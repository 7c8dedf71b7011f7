import { Cluster } from 'ioredis';
import { createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
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

  async function locate(): Promise<{ slot: string; home: Node; away: Node }> {
    const [low, high] = nodes;
    if (low === undefined || high === undefined) throw new Error('There are no nodes.');
    const slot = Number(await low.operator.call('CLUSTER', 'KEYSLOT', KEY));
    const [home, away] = slot < 8192 ? [low, high] : [high, low];
    return { slot: String(slot), home, away };
  }

  async function connect(name: string): Promise<RedisClient> {
    const client = await clients[name]?.();
    if (client === undefined) throw new Error(`There is no ${name}.`);
    return client;
  }

  test.each(Object.keys(clients))('is held while its key is moved to another node: %s', async (name) => {
    const { slot, home, away } = await locate();
    const store = redisStore(await connect(name));
    const options = { store, heartbeatMinimalInterval: 0 };

    const lock = await acquire('nightly', options);
    const isHeld = async () => {
      await lock.heartBeat();
      await expect(acquire('nightly', options)).rejects.toMatchObject({ code: 'ERR_LOCK_BUSY' });
      expect(await inspect('nightly', { store })).toMatchObject({ holder: { token: lock.token } });
    };
    await move(slot, home, away, isHeld);
    await move(slot, away, home, isHeld);
    await lock.release();
    expect(await inspect('nightly', { store })).toMatchObject({ state: 'free' });
  });

  test.each(Object.keys(clients))('is held while each node sends it to the other: %s', async (name) => {
    const { slot, home, away } = await locate();
    const client = await connect(name);
    const send = 'evalSha' in client ? vi.spyOn(client, 'evalSha') : vi.spyOn(client, 'evalsha');
    const hasFailed = () => send.mock.settledResults.some(({ type }) => type === 'rejected');
    const lock = await acquire('nightly', { store: redisStore(client), heartbeatMinimalInterval: 0 });
    await away.operator.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', home.id);
    await home.operator.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', away.id);
    await home.operator.call('MIGRATE', HOST, String(away.server.port), KEY, '0', '5000');
    await home.operator.call('CLUSTER', 'SETSLOT', slot, 'NODE', away.id);
    send.mockClear();
    const beaten = lock.heartBeat();
    await poll('The client follows them without end', async () => hasFailed());
    await away.operator.call('CLUSTER', 'SETSLOT', slot, 'NODE', away.id);
    await beaten;
    await move(slot, away, home, async () => {});
    await lock.release();
  });
});
