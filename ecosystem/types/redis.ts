import { Cluster, Redis } from 'ioredis';
import { acquire } from 'livinglock';
import { redisStore } from 'livinglock/redis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';

export const stores = [
  redisStore(new Redis()),
  redisStore(new Cluster([])),
  redisStore(createClient()),
  redisStore(createClientPool()),
  redisStore(createCluster({ rootNodes: [] })),
  redisStore(createSentinel({ name: 'main', sentinelRootNodes: [] })),
];
export const locks = Promise.all(stores.map((store) => acquire('job', { store })));

// @ts-expect-error: not a client.
redisStore({});
