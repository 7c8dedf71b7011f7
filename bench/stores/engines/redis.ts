import { Redis } from 'ioredis';
import { redisStore } from 'livinglock/redis';
import { createClient } from 'redis';
import { RedisServer } from '../../../support/redis/redis-server.js';
import { livinglock } from '../rivals/livinglock.js';
import { redlock } from '../rivals/redlock.js';
import { verrou } from '../rivals/verrou.js';
import { connectCounted } from './counted.js';
import { type Engine, type Field, newLock } from './engine.js';

export function startRedisWithNodeRedis(): Promise<Engine> {
  return start('Redis, by node-redis', connectNodeRedis);
}

export function startRedisWithIoRedis(): Promise<Engine> {
  return start('Redis, by ioredis', connectIoRedis);
}

async function start(title: string, connect: (url: string) => Promise<Field>): Promise<Engine> {
  const server = await RedisServer.start();
  return {
    title,
    description: `Redis ${await versionOf(server.url)}, without persistence`,
    connect: () => connect(server.url),
    connectCounted: () =>
      connectCounted({ port: server.port, host: '127.0.0.1' }, (port) =>
        connect(`redis://127.0.0.1:${port}`),
      ),
    [Symbol.asyncDispose]: () => server.end(),
  };
}

async function connectNodeRedis(url: string): Promise<Field> {
  const client = await createClient({ url }).connect();
  return {
    bare: { name: '`PING`', run: () => client.ping() },
    rivals: [livinglock(redisStore(client))],
    newLock,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

async function connectIoRedis(url: string): Promise<Field> {
  const client = new Redis(url);
  await client.ping();
  return {
    bare: { name: '`PING`', run: () => client.ping() },
    rivals: [livinglock(redisStore(client)), redlock(client), verrou(client)],
    newLock,
    async [Symbol.asyncDispose]() {
      await client.quit();
    },
  };
}

async function versionOf(url: string): Promise<string> {
  const client = new Redis(url);
  const info = await client.info('server');
  await client.quit();
  return /redis_version:(\S+)/.exec(info)?.[1] ?? '';
}
