import { describe, expect, it } from 'vitest';
import { acquire, breakLock, ErrLockBusy, ErrLockLost, inspect } from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { TIME_TEXT } from '../../../src/stores/redis/time-text.js';
import { bareClaim } from '../../../support/claim.js';
import { testLateCopies } from '../../../support/late-copies.js';
import { describeWithRedis } from '../../../support/redis/describe-with-redis.js';
import { drivers } from '../../../support/redis/redis-drivers.js';
import { KEY, NAME, Scene } from '../../../support/redis/redis-scene.js';
import { DAY, HOUR, MINUTE } from '../../../support/world.js';

const CONTAINER = { bootId: 'another-boot', pidNamespace: 'pid:[4026532999]', hostname: 'db-2' };

describeWithRedis('the store in Redis', (server) => {
  describe.each(drivers)('with $name, what a network delivers late', (driver) => {
    testLateCopies(async () => {
      const { connection } = await Scene.open(server(), driver);
      return redisStore(connection.client);
    });
  });

  describe.each(drivers)('with $name, the hash', (driver) => {
    it('says who holds the lock, since when, and until when others wait', async () => {
      const scene = await Scene.open(server(), driver);
      const before = Date.now();
      const lock = await scene.acquire({ staleTimeout: '2h' });
      const hash = await scene.hash();
      expect(hash).toMatchObject({
        lock_name: NAME,
        lock_owner: `fake-host:${scene.processes.own.pid}`,
        token: lock.token,
        fencing_token: String(lock.fencingToken),
        stale_timeout_ms: String(2 * HOUR),
      });
      const time = Date.parse(hash['lock_time'] ?? '');
      expect(new Date(time).toISOString()).toBe(hash['lock_time']);
      expect(Math.abs(time - before)).toBeLessThan(MINUTE);
      expect(hash['heartbeat_at']).toBe(hash['lock_time']);
      expect(Date.parse(hash['expires_at'] ?? '')).toBe(time + 2 * HOUR);
      expect(lock.acquiredAt).toEqual(new Date(time));
      expect(JSON.parse(hash['holder'] ?? '')).toMatchObject({
        process_id: scene.processes.own.pid,
        process: { hostname: 'fake-host' },
      });
      expect(await scene.connection.call('TTL', KEY)).toBe(-1);
    });

    it('says of a lock that was released who had it last, and that nobody holds it', async () => {
      const scene = await Scene.open(server(), driver);
      const lock = await scene.acquire();
      await lock.release();
      const hash = await scene.hash();
      expect(hash).toMatchObject({ token: lock.token, fencing_token: String(lock.fencingToken) });
      for (const field of ['lock_owner', 'lock_time', 'expires_at']) expect(hash).not.toHaveProperty(field);
    });

    it('has the heartbeat and the progress in it', async () => {
      const scene = await Scene.open(server(), driver);
      const lock = await scene.acquire();
      await scene.set('heartbeat_at', '2020-01-01T00:00:00.000Z', 'expires_at', '2020-01-01T01:00:00.000Z');
      await lock.heartBeat({ progress: 0.5, note: 'half-way' });
      const hash = await scene.hash();
      expect(Date.parse(hash['heartbeat_at'] ?? '')).toBeGreaterThan(Date.parse('2021-01-01'));
      expect(Date.parse(hash['expires_at'] ?? '')).toBe(Date.parse(hash['heartbeat_at'] ?? '') + HOUR);
      expect(hash['progress']).toBe('{"ratio":0.5,"note":"half-way"}');
    });
  });

  it('says that a lock with an infinite timeout never expires', async () => {
    const scene = await Scene.open(server());
    await scene.acquire({ staleTimeout: Number.POSITIVE_INFINITY });
    expect(await scene.hash()).toMatchObject({ expires_at: '', stale_timeout_ms: '' });
    expect((await scene.inspect()).holder?.staleTimeout).toBe(Number.POSITIVE_INFINITY);
  });

  it('writes times as JavaScript does, until the year 9999', async () => {
    const scene = await Scene.open(server());
    const script = `${TIME_TEXT}
      local texts = {}
      for i, milliseconds in ipairs(ARGV) do texts[i] = text(tonumber(milliseconds)) end
      return texts`;
    const last = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
    const times = [0, 1, last, Date.UTC(2000, 1, 29), Date.UTC(2100, 1, 28, 23, 59, 59, 999)];
    // Each day of 400 years, after which the calendar repeats itself, and random moments of the day.
    for (let day = 0; day < 146_097; day += 1) times.push(day * DAY + Math.floor(Math.random() * DAY));
    for (let count = 0; count < 1000; count += 1) times.push(Math.floor(Math.random() * last));
    for (let from = 0; from < times.length; from += 5000) {
      const some = times.slice(from, from + 5000);
      const texts = await scene.connection.call('EVAL', script, '0', ...some.map(String));
      expect(texts).toEqual(some.map((time) => new Date(time).toISOString()));
    }
    expect(await scene.connection.call('EVAL', script, '0', String(last + 1), 'inf', 'nan')).toEqual([
      '',
      '',
      '',
    ]);
  });

  it.each([undefined, '55m'] as const)(
    'keeps nothing about the work of a released lock: %s',
    async (holdAtLeast) => {
      const scene = await Scene.open(server());
      const lock = await scene.acquire({ command: 'import --password=1234', owner: 'server-1', holdAtLeast });
      await lock.heartBeat({ note: 'customer 1234' });
      await lock.setWorkers([scene.processes.own.pid]);
      expect((await scene.hash())['details']).toContain('--password=1234');
      await lock.release();
      const { details = '', workers = '', progress = '', holder = '' } = await scene.hash();
      expect({ details, workers, progress }).toEqual({ details: '', workers: '', progress: '' });
      expect(Object.keys(JSON.parse(holder))).toEqual(['process_id', 'process', 'owner']);
      expect(JSON.stringify(await scene.hash())).not.toMatch(/password|customer/);
    },
  );

  it('keeps its locks under another prefix if the option says so', async () => {
    const scene = await Scene.open(server());
    await scene.acquire();
    await scene.acquire({ store: { prefix: 'shop:locks:' } });
    expect(await scene.hash('shop:locks:nightly')).toMatchObject({ lock_name: NAME });
    expect(await scene.connection.call('DBSIZE')).toBe(2);
  });

  it('runs scripts that the server has forgotten', async () => {
    const scene = await Scene.open(server());
    const lock = await scene.acquire();
    await scene.connection.call('SCRIPT', 'FLUSH');
    await lock.heartBeat();
    await scene.connection.call('SCRIPT', 'FLUSH');
    await lock.release();
    expect(await scene.inspect()).toMatchObject({ state: 'free' });
  });

  it('needs two round trips to acquire, and one to beat and to release', async () => {
    const scene = await Scene.open(server());
    await (await scene.acquire()).release();
    const count = async () => {
      const stats = String(await scene.connection.call('INFO', 'commandstats'));
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
    };
    await scene.connection.call('CONFIG', 'RESETSTAT');
    const lock = await scene.acquire();
    expect(await count()).toBe(2);
    await lock.heartBeat();
    expect(await count()).toBe(3);
    await lock.release();
    expect(await count()).toBe(4);
  });

  describe('a hash that somebody changes by hand', () => {
    it('loses the lock when it is deleted, and continues with greater fencing tokens', async () => {
      const scene = await Scene.open(server());
      const lock = await scene.acquire();
      await scene.connection.call('DEL', KEY);
      await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
      expect((await scene.acquire()).fencingToken).toBeGreaterThan(lock.fencingToken);
    });

    it('loses the lock when it no longer has an owner', async () => {
      const scene = await Scene.open(server());
      const lock = await scene.acquire();
      await scene.connection.call('HDEL', KEY, 'lock_owner');
      await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
      expect((await scene.acquire()).fencingToken).toBeGreaterThan(lock.fencingToken);
    });

    it('gives the lock to the next contender if its record names no holder', async () => {
      const scene = await Scene.open(server());
      await scene.acquire();
      await scene.set('holder', 'Bob');
      expect(await scene.inspect()).toMatchObject({ state: 'dead', holder: null });
      await scene.acquire();
    });

    it('is still released by a holder whose record can no longer be read', async () => {
      const scene = await Scene.open(server());
      const lock = await scene.acquire();
      await scene.set('holder', 'Bob');
      await expect(lock.release()).rejects.toMatchObject({
        name: 'ErrLockStore',
        message: 'Cannot release the lock nightly: what was written to the hash cannot be read from it',
      });
      expect(await scene.inspect()).toMatchObject({ state: 'free' });
    });

    it('counts on from a fencing token that is ahead of the time', async () => {
      const scene = await Scene.open(server());
      const ahead = Number.MAX_SAFE_INTEGER - 2 ** 33;
      await (await scene.acquire()).release();
      await scene.set('fencing_token', String(ahead));
      const lock = await scene.acquire();
      expect(lock.fencingToken).toBe(ahead + 1);
      expect((await scene.hash())['fencing_token']).toBe(String(ahead + 1));
    });

    it('gives nobody the lock if its fencing token has no successor', async () => {
      const scene = await Scene.open(server());
      await (await scene.acquire()).release();
      await scene.set('fencing_token', '9223372036854775807');
      await expect(scene.acquire()).rejects.toMatchObject({ code: 'ERR_LOCK_FENCING_TOKEN' });
      await scene.connection.call('DEL', KEY);
      expect((await scene.acquire()).fencingToken).toBeGreaterThan(0);
    });
  });

  describe('a key that is used for something else', () => {
    it.each([
      ['a string', 'SET', KEY, 'my letter'],
      ['a list', 'RPUSH', KEY, 'milk', 'bread'],
      ['a hash of another shape', 'HSET', KEY, 'name', 'Ada', 'lock_owner', 'me'],
      ['the hash of another lock', 'HSET', KEY, 'lock_name', 'weekly', 'lock_owner', 'me', 'token', 'T'],
    ] as const)('is left unchanged: %s', async (_what, name, ...parameters) => {
      const scene = await Scene.open(server());
      await scene.connection.call(name, ...parameters);
      const before = await scene.connection.call('DUMP', KEY);
      const store = redisStore(scene.connection.client);
      const { token } = await scene.acquire({ store: { prefix: 'other:' } });
      const claim = bareClaim(token, scene.processes.self());
      const operations = {
        'read the lock': () => store.read(NAME),
        'create the lock': () => store.claim(NAME, claim),
        'take over the lock': () => store.claim(NAME, claim, '1 1 T'),
        'write a heartbeat to the lock': () => store.beat(NAME, 'T', {}),
        'release the lock': () => store.remove(NAME, 'T'),
      };
      for (const [attempted, operate] of Object.entries(operations)) {
        await expect(operate()).rejects.toMatchObject({
          name: 'ErrLockStore',
          code: 'WRONGTYPE',
          message: expect.stringMatching(
            new RegExp(
              `^Cannot ${attempted} nightly: WRONGTYPE .+\\. The key is used for .+ \`prefix\` for the locks\\.$`,
            ),
          ),
        });
      }
      expect(await scene.connection.call('DUMP', KEY)).toEqual(before);
    });
  });

  describe('a holder', () => {
    it('of this machine that is dead is replaced at once', async () => {
      const scene = await Scene.open(server());
      const process = scene.processes.start();
      await scene.acquire({ process });
      await expect(scene.acquire()).rejects.toThrow(ErrLockBusy);
      process.kill();
      await scene.acquire();
    });

    it('is aged by the clock of Redis; a heartbeat from the future counts as old as it is ahead', async () => {
      const scene = await Scene.open(server());
      const process = scene.processes.start(CONTAINER);
      const lock = await scene.acquire({ process, staleTimeout: HOUR });
      process.kill();
      // The clock of this process does not matter.
      await scene.clock.advance(2 * HOUR);
      await expect(scene.acquire()).rejects.toThrow(/on db-2.+ cannot be checked from here/);

      await scene.set('heartbeat_at', new Date(Date.now() + 59 * MINUTE).toISOString());
      expect(await scene.inspect()).toMatchObject({ state: 'live' });
      await scene.set('heartbeat_at', new Date(Date.now() + 3650 * DAY).toISOString());
      expect(await scene.inspect()).toMatchObject({ state: 'stalled' });
      await scene.set('heartbeat_at', new Date(Date.now() - 61 * MINUTE).toISOString());
      expect(await scene.inspect()).toMatchObject({ state: 'stalled' });
      await scene.acquire();
      await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
    });

    it('on a clone of this machine may be alive, although it has the same boot ID', async () => {
      const scene = await Scene.open(server());
      const process = scene.processes.start({ hostname: 'clone-2' });
      await scene.acquire({ process });
      process.kill();
      await expect(scene.acquire()).rejects.toThrow(/on clone-2.+ cannot be checked from here/);
    });

    it('of an earlier boot may be alive, because other machines use the same Redis', async () => {
      const scene = await Scene.open(server());
      await scene.acquire();
      scene.processes.reboot();
      expect(await scene.inspect()).toMatchObject({ state: 'live' });
    });
  });

  describe('the names of locks', () => {
    it('are those of held locks, however many other keys there are', async () => {
      const scene = await Scene.open(server());
      const fill = `for i = 1, 5000 do redis.call('SET', 'livinglock:noise' .. i, i) end`;
      await scene.connection.call('EVAL', fill, '0');
      await scene.connection.call('HSET', 'livinglock:mine', 'lock_name', 'another', 'lock_owner', 'me');
      const store = redisStore(scene.connection.client);
      const names = ['beta', "it's *?[a]\\ é😀", 'alpha', 'gone'];
      const locks = await Promise.all(names.map((name) => acquire(name, { store })));
      await locks.at(-1)?.release();
      await acquire('elsewhere', { store: redisStore(scene.connection.client, { prefix: 'x' }) });
      expect(await store.names?.()).toEqual(['alpha', 'beta', "it's *?[a]\\ é😀"]);
    });

    it('are found under a prefix that has a meaning in a pattern', async () => {
      const scene = await Scene.open(server());
      const prefix = 'a*[b]?\\-^:';
      const store = redisStore(scene.connection.client, { prefix });
      await acquire('one', { store });
      await acquire('two', { store: redisStore(scene.connection.client, { prefix: 'aXbX\\-^:' }) });
      expect(await store.names?.()).toEqual(['one']);
    });
  });

  it('is broken by force, and its holder learns it', async () => {
    const scene = await Scene.open(server());
    const lock = await scene.acquire();
    await breakLock(NAME, { store: redisStore(scene.connection.client), force: true });
    expect(await inspect(NAME, { store: redisStore(scene.connection.client) })).toMatchObject({
      state: 'free',
    });
    await expect(lock.heartBeat()).rejects.toThrow(ErrLockLost);
  });
});
