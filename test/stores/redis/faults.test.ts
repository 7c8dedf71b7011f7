import { Redis } from 'ioredis';
import { createClient, createClientPool, createCluster, createSentinel } from 'redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { acquire } from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { describeWithRedis } from '../../../support/redis/describe-with-redis.js';
import { interceptedRedis } from '../../../support/redis/intercepted-redis.js';
import { drivers, ioRedis } from '../../../support/redis/redis-drivers.js';
import { connect, KEY, NAME, Scene } from '../../../support/redis/redis-scene.js';
import { RedisServer } from '../../../support/redis/redis-server.js';
import { poll } from '../../../support/running.js';
import { SECOND } from '../../../support/world.js';

describeWithRedis('a Redis that cannot be used', (server) => {
  it('because its memory is full releases a lock, and changes nothing else', async () => {
    const scene = await Scene.open(server());
    const lock = await scene.acquire();
    await scene.connection.call('CONFIG', 'SET', 'maxmemory', '1');
    const before = await scene.hash();
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: 'OOM',
      message:
        "Cannot write a heartbeat to the lock nightly: OOM command not allowed when used memory > 'maxmemory'. " +
        'Redis has no memory left: raise `maxmemory`, and use no `maxmemory-policy` that evicts keys without a TTL.',
    });
    expect(await scene.hash()).toEqual(before);
    await lock.release();
    await expect(scene.acquire()).rejects.toMatchObject({ code: 'OOM' });
    expect(await scene.hash()).not.toHaveProperty('lock_owner');
    await scene.connection.call('CONFIG', 'SET', 'maxmemory', '0');
    await scene.acquire();
  });

  it.each(['EVAL', 'EVALSHA', 'TIME'])(
    'because %s is switched off says which commands it needs',
    async (command) => {
      const crippled = await RedisServer.start('--rename-command', command, '');
      onTestFinished(() => crippled.end());
      const { client } = await connect(crippled.url, ioRedis);
      await expect(acquire(NAME, { store: redisStore(client) })).rejects.toMatchObject({
        name: 'ErrLockStore',
        message: expect.stringMatching(
          /unknown (?:redis )?command.+ has that command switched off \(`rename-command`\).+EVAL, EVALSHA, TIME, HGETALL, HSET and HDEL/i,
        ),
      });
    },
  );

  it.each(drivers)(
    'because this user of $name lacks permissions says which ones it needs',
    async (driver) => {
      const scene = await Scene.open(server());
      const rights = ['+eval', '+evalsha', '+time', '+hgetall', '+hset', '+hdel'];
      await scene.connection.call(
        'ACL',
        'SETUSER',
        'job',
        'on',
        '>pass',
        '~livinglock:*',
        '+info',
        ...rights,
      );
      onTestFinished(async () => {
        await scene.connection.call('ACL', 'DELUSER', 'job');
      });
      const { client } = await connect(server().url.replace('//', '//job:pass@'), driver);
      const lock = await scene.acquire({ client });
      await lock.heartBeat();
      await expect(scene.acquire({ client, store: { prefix: 'other:' } })).rejects.toMatchObject({
        code: 'NOPERM',
      });

      await scene.connection.call('ACL', 'SETUSER', 'job', '-hset');
      await expect(lock.heartBeat()).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: 'NOPERM',
        message: expect.stringContaining(`~livinglock:* ${rights.join(' ')}`),
      });
      const listing = redisStore(client).names?.();
      await expect(listing).rejects.toMatchObject({
        code: 'NOPERM',
        message: expect.stringContaining('To list the locks, it also needs `+scan +hmget`'),
      });
      await scene.connection.call('ACL', 'SETUSER', 'job', '+scan');
      await expect(redisStore(client).names?.()).rejects.toMatchObject({ code: 'NOPERM' });
      await scene.connection.call('ACL', 'SETUSER', 'job', '+hmget', '+hset');
      expect(await redisStore(client).names?.()).toEqual([NAME]);
      await lock.release();
    },
  );

  it('because it is a replica says so, and shows who holds the lock', async () => {
    const scene = await Scene.open(server());
    await scene.acquire();
    const replica = await RedisServer.start('--replicaof', '127.0.0.1', String(server().port));
    onTestFinished(() => replica.end());
    const { client, call } = await connect(replica.url);
    await poll('The replica has no copy', async () => (await call('EXISTS', KEY)) === 1);
    expect(await scene.inspect(client)).toMatchObject({ state: 'live' });
    const message = expect.stringMatching(/^Cannot .+ nightly: READONLY .+\. Connect to the primary/);
    const store = redisStore(client);
    await expect(store.remove(NAME, (await scene.hash())['token'] ?? '')).rejects.toMatchObject({
      code: 'READONLY',
      message,
    });
    const { version = '' } = (await store.read(NAME)) ?? {};
    await expect(store.confirm?.(NAME, version)).rejects.toMatchObject({ code: 'READONLY' });
    scene.processes.own.kill();
    const other = scene.processes.start();
    await expect(scene.acquire({ client, process: other })).rejects.toMatchObject({
      code: 'READONLY',
      message,
    });
  });

  describe('because of its password', () => {
    let locked: RedisServer;
    beforeAll(async () => {
      locked = await RedisServer.start('--requirepass', 'secret');
    });
    afterAll(() => locked.end());

    it.each([
      ['not given', '', 'NOAUTH', 'Give the client the Redis password.'],
      ['wrong', ':wrong@', 'WRONGPASS', 'Give the client the right Redis user and password.'],
    ])('says that it was %s', async (_what, password, code, remedy) => {
      const { client } = await connect(locked.url.replace('//', `//${password}`), ioRedis);
      await expect(acquire(NAME, { store: redisStore(client) })).rejects.toMatchObject({
        name: 'ErrLockStore',
        code,
        message: expect.stringMatching(new RegExp(`^Cannot read the lock nightly: ${code} .+\\. ${remedy}$`)),
      });
    });
  });

  describe('because it is not running', () => {
    it.each(drivers)('says so with $name when the time is over', async (driver) => {
      const gone = await RedisServer.start();
      const { client } = await connect(gone.url, driver);
      await gone.end();
      const { clock } = await Scene.open(server());
      const refused = expect(acquire(NAME, { store: redisStore(client, { clock }) })).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: 'ETIMEDOUT',
        message: expect.stringMatching(
          /^Cannot read the lock nightly: no answer within 30 seconds\. Check that Redis is running/,
        ),
      });
      await clock.advance(30 * SECOND);
      await refused;
    });

    it('says so at once if the client does not wait for it', async () => {
      const gone = await RedisServer.start();
      await gone.end();
      const client = new Redis(gone.url, { retryStrategy: null }).on('error', () => {});
      await expect(acquire(NAME, { store: redisStore(client) })).rejects.toMatchObject({
        code: 'ClientClosedError',
      });
    });
  });

  it.each([
    ['node-redis', createClient()],
    ['a pool of node-redis', createClientPool()],
    ['a cluster of node-redis', createCluster({ rootNodes: [{}] })],
    ['a sentinel of node-redis', createSentinel({ name: 'primary', sentinelRootNodes: [] })],
    ['ioredis', new Redis({ lazyConnect: true })],
  ] as const)('because %s is not connected says so at once', async (name, client) => {
    client.on('error', () => {});
    if (name === 'ioredis') client.disconnect();
    await expect(acquire(NAME, { store: redisStore(client) })).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: 'ClientClosedError',
      message: expect.stringContaining('Connect the client before the first lock'),
    });
  });

  it.each([
    ['node-redis', (url: string) => createClient({ url })],
    ['a pool of node-redis', (url: string) => createClientPool({ url })],
  ] as const)('because %s is closed in the meantime says so at once', async (_name, create) => {
    const client = create(server().url);
    client.on('error', () => {});
    await client.connect();
    const reading = redisStore(client).read(NAME);
    client.destroy();
    await expect(reading).rejects.toMatchObject({
      code: 'ClientClosedError',
      message: expect.stringContaining('keep it open until the last is released'),
    });
  });

  it('because the client has begun a transaction says so', async () => {
    const client = new Redis(server().url);
    onTestFinished(() => client.disconnect());
    await client.multi({ pipeline: false });
    await expect(acquire(NAME, { store: redisStore(client) })).rejects.toThrow(/not in a transaction/);
  });

  it('because the client listens to a channel says so', async () => {
    const client = new Redis(server().url);
    onTestFinished(() => client.disconnect());
    await client.subscribe('news');
    await expect(acquire(NAME, { store: redisStore(client) })).rejects.toThrow(
      /Cannot read the lock nightly: Connection in subscriber mode/,
    );
  });

  describe.each(drivers)('because it hangs, with $name', (driver) => {
    /** A client whose server stops before it gets the command with that number, and whether that has happened. */
    async function stopping(scene: Scene, at: number) {
      const { client } = await scene.connect(driver);
      let count = 0;
      const intercepted = interceptedRedis(client, (run) => {
        count += 1;
        if (count === at) server().pause();
        return run();
      });
      onTestFinished(() => server().resume());
      return { client: intercepted, hasStopped: () => count >= at };
    }

    it('does not block a heartbeat forever, and the next heartbeat works again', async () => {
      const scene = await Scene.open(server());
      const { client, hasStopped } = await stopping(scene, 3);
      const lock = await scene.acquire({ client });
      const beaten = expect(lock.heartBeat()).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: 'ETIMEDOUT',
        message: expect.stringMatching(
          /^Cannot write a heartbeat to the lock nightly: no answer within 30 seconds\. Check/,
        ),
      });
      await poll('The server was not stopped', hasStopped);
      await scene.clock.advance(30 * SECOND);
      await beaten;
      expect(lock.signal.aborted).toBe(false);
      server().resume();
      await lock.heartBeat();
      await lock.release();
    });

    it('does not make a contender that gave up the holder', async () => {
      const scene = await Scene.open(server());
      const { client, hasStopped } = await stopping(scene, 2);
      const refused = expect(scene.acquire({ client })).rejects.toMatchObject({
        code: 'ETIMEDOUT',
        message: expect.stringMatching(/^Cannot create the lock nightly/),
      });
      await poll('The server was not stopped', hasStopped);
      await scene.clock.advance(30 * SECOND);
      await refused;
      server().resume();
      // The claim is carried out in the end, and taken back.
      await poll('The claim was not taken back', async () => {
        await scene.clock.advance(30 * SECOND);
        const hash = await scene.hash();
        return hash['token'] !== undefined && hash['lock_owner'] === undefined;
      });
    });
  });

  it('answers too late, when the same process has acquired the lock some other way', async () => {
    const scene = await Scene.open(server());
    let answer = (): void => {};
    const isHeldBack = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let count = 0;
    const slow = interceptedRedis(scene.connection.client, async (run) => {
      count += 1;
      const reply = await run();
      if (count === 2) await isHeldBack;
      return reply;
    });
    const refused = expect(scene.acquire({ client: slow })).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await poll('The claim was not made', async () => 'lock_owner' in (await scene.hash()));
    await scene.clock.advance(30 * SECOND);
    await refused;
    const lock = await scene.acquire();
    answer();
    // The claim is checked for, but not found.
    await scene.clock.advance(30 * SECOND);
    await poll('The claim was not looked for', () => count === 3);
    await lock.heartBeat();
    await lock.release();
  });
});
