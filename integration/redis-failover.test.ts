import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect as connectTo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquire, inspect } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { describeWithRedis } from '../support/redis/describe-with-redis.js';
import { drivers } from '../support/redis/redis-drivers.js';
import { connect } from '../support/redis/redis-scene.js';
import { RedisServer } from '../support/redis/redis-server.js';
import { poll } from '../support/running.js';
import { Desk } from './support/desk.js';

// A primary that has become a replica: it refuses writes, and still answers reads.

/** Nobody listens there: it keeps what it has. */
const NOWHERE = ['127.0.0.1', '1'] as const;

describeWithRedis('a Redis server that takes no writes any longer', (server) => {
  test.each(drivers)(
    'ends the lock at its deadline, though it still names the holder: $name',
    async (driver) => {
      const holder = await connect(server().url, driver);
      const store = redisStore(holder.client);
      const lock = await acquire(driver.name, { store, staleTimeout: '2s', heartbeatMinimalInterval: 0 });
      const operator = await connect(server().url);
      await operator.call('REPLICAOF', ...NOWHERE);
      onTestFinished(async () => void (await operator.call('REPLICAOF', 'NO', 'ONE')));
      await expect(lock.heartBeat()).rejects.toMatchObject({ code: 'READONLY' });
      expect((await inspect(driver.name, { store })).holder?.token).toBe(lock.token);
      // By then another may hold it on the server that took its place.
      await poll('It is not lost', () => lock.signal.aborted);
      expect(lock.signal.reason).toMatchObject({
        isCertain: false,
        message: expect.stringContaining('READONLY'),
      });
    },
  );

  test('is left by the command for the one to which its address leads now', async () => {
    const [old, next] = [await startServer(), await startServer()];
    const [atOld, atNext] = [await connect(old.url), await connect(next.url)];
    const address = { port: old.port, host: '127.0.0.1' };
    const proxy = createServer((client) => {
      const target = connectTo(address);
      client.pipe(target).pipe(client);
      for (const socket of [client, target]) socket.on('error', () => {});
    });
    await once(proxy.listen(0, address.host), 'listening');
    onTestFinished(() => void proxy.close());
    const found = proxy.address();
    const url = `redis://127.0.0.1:${typeof found === 'object' ? found?.port : ''}`;
    await atNext.call('REPLICAOF', '127.0.0.1', String(old.port));

    const desk = new Desk();
    const line = 'until [ -e done ]; do echo tick; sleep 0.1; done';
    const options = ['--heartbeat', 'output', '--heartbeat-interval', '100ms', '--stale-timeout', '10m'];
    const run = desk.start(['run', '--store', url, ...options, 'job', '-c', line]);
    const record = async () => JSON.stringify(await atNext.call('HGETALL', 'livinglock:job'));
    await poll('It is not replicated', async () => (await record()).includes('group'));
    await atNext.call('REPLICAOF', 'NO', 'ONE');
    await atOld.call('REPLICAOF', ...NOWHERE);
    address.port = next.port;
    const before = await record();
    await poll('No heartbeat reaches the new primary', async () => (await record()) !== before);
    writeFileSync(join(desk.folder, 'done'), '');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(await record()).not.toContain('lock_owner');
  });

  async function startServer(): Promise<RedisServer> {
    const started = await RedisServer.start();
    onTestFinished(() => started.end());
    return started;
  }
});
