import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { describe, expect, it } from 'vitest';
import { acquire } from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { FakeClock, memoryStore } from '../../../src/testing/index.js';
import { SECOND, untyped } from '../../../support/world.js';

const NAME = 'nightly';

describe('an answer that says to try again', () => {
  const refusing = (error: Error, times: number) => {
    let count = 0;
    const answer = () => {
      count += 1;
      return count > times ? Promise.resolve(['found', '0']) : Promise.reject(error);
    };
    return { eval: answer, evalSha: answer };
  };
  const named = (name: string) =>
    Object.defineProperty(new Error('made up'), 'constructor', { value: { name } });

  it.each([
    ['LOADING', new Error('LOADING Redis is loading the dataset in memory')],
    ['TRYAGAIN', new Error('TRYAGAIN Multiple keys request during rehashing of slot')],
    [
      'BUSY',
      new Error('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'),
    ],
    ['CLUSTERDOWN', new Error('CLUSTERDOWN The cluster is down')],
    ['SocketClosedUnexpectedlyError', named('SocketClosedUnexpectedlyError')],
    ['DisconnectsClientError', named('DisconnectsClientError')],
    ['DisconnectsClientError in a bundle', new Error('Disconnects client')],
    ['ECONNRESET', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })],
  ])('is obeyed as long as there is time: %s', async (code, error) => {
    const clock = new FakeClock();
    const store = redisStore(refusing(error, 4), { clock });
    const read = store.read(NAME);
    await clock.advance(30 * SECOND);
    expect(await read).toBeNull();
    const never = redisStore(refusing(error, 1000), { clock });
    const isOfRedis = error.message.startsWith(code);
    const refused = expect(never.read(NAME)).rejects.toMatchObject({
      code: isOfRedis ? code : 'ETIMEDOUT',
      lock: NAME,
    });
    await clock.advance(30 * SECOND);
    await refused;
  });

  // As node-redis 4 and 5, node-redis 6 and ioredis report it, once they have followed such answers often enough.
  const tooMany = 'Too many Cluster redirections';
  const moved = 'MOVED 3999 127.0.0.1:6381';
  it.each([
    ['MOVED', new Error(moved)],
    ['ASK', new Error('ASK 3999 127.0.0.1:6381')],
    ['MOVED', new Error(tooMany, { cause: new Error(moved) })],
    ['MOVED', new Error(`${tooMany}. Last error: ReplyError: ${moved}`)],
    ['CLUSTERDOWN', new Error(`${tooMany}. Last error: uC: CLUSTERDOWN Hash slot not served`)],
    ['ETIMEDOUT', new Error(`${tooMany}. Last error: Error: Connection is closed.`)],
    ['ETIMEDOUT', new Error('Cannot find node 127.0.0.1:6381')],
  ])('is obeyed in a cluster as long as there is time: %s', async (code, error) => {
    const clock = new FakeClock();
    const client = (times: number) => ({ ...refusing(error, times), nodeClient: () => {} });
    const read = redisStore(client(4), { clock }).read(NAME);
    await clock.advance(30 * SECOND);
    expect(await read).toBeNull();
    const refused = expect(redisStore(client(1000), { clock }).read(NAME)).rejects.toMatchObject({
      code,
      message: expect.not.stringContaining('createCluster'),
    });
    await clock.advance(30 * SECOND);
    await refused;
  });

  it.each(['MOVED', 'ASK'])('by another node names the clients for a cluster: %s', async (code) => {
    const single = redisStore(refusing(new Error(`${code} 3999 127.0.0.1:6381`), 1));
    await expect(single.read(NAME)).rejects.toMatchObject({
      code,
      message: expect.stringContaining('`createCluster` of node-redis, or `Cluster` of ioredis'),
    });
  });

  it('is not reported if silence followed', async () => {
    const clock = new FakeClock();
    let count = 0;
    const answer = () => {
      count += 1;
      return count > 1 ? new Promise<never>(() => {}) : Promise.reject(new Error('LOADING Redis is loading'));
    };
    const read = redisStore({ eval: answer, evalSha: answer }, { clock }).read(NAME);
    const refused = expect(read).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await clock.advance(30 * SECOND);
    await refused;
  });

  it('does not make a release take longer than `commandTimeout`', async () => {
    const clock = new FakeClock();
    const store = redisStore(refusing(new Error('BUSY Redis is busy running a script.'), 1000), { clock });
    const memory = memoryStore({ clock });
    const lock = await acquire(NAME, {
      store: {
        resolve: (name) => memory.resolve(name),
        read: (name) => memory.read(name),
        claim: (name, claim, over) => memory.claim(name, claim, over),
        beat: (name, token, beat) => memory.beat(name, token, beat),
        remove: (name, token) => store.remove(name, token),
      },
      dependencies: { clock },
    });
    const refused = expect(lock.release()).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringMatching(/^Cannot release the lock nightly: BUSY .+ see `SCRIPT KILL`/),
    });
    await clock.advance(30 * SECOND);
    await refused;
  });

  // As drivers word them. In a minified bundle, their classes have one letter.
  it.each([
    'Socket closed unexpectedly',
    "Socket timeout timeout. Expecting data, but didn't receive any in 5000ms.",
    'Connection timeout',
    'The client is offline',
    'All the root nodes are unavailable',
    'The command was aborted',
    'Reached the max retries per request limit (which is 1). Refer to "maxRetriesPerRequest" option for details.',
    'Failed to refresh slots cache.',
  ])('is recognized without the name of its class: %s', async (words) => {
    const clock = new FakeClock();
    const minified = Object.defineProperty(new Error(words), 'constructor', { value: { name: 'uC' } });
    const read = redisStore(refusing(minified, 4), { clock }).read(NAME);
    await clock.advance(SECOND);
    expect(await read).toBeNull();
  });

  it('never shows the name of a minified class', async () => {
    const minified = Object.defineProperty(new Error('made up'), 'constructor', { value: { name: 'uC' } });
    await expect(redisStore(refusing(minified, 1)).read(NAME)).rejects.toMatchObject({ code: 'REDIS_ERROR' });
  });

  it('is recognized in an error that wraps it', async () => {
    const clock = new FakeClock();
    const wrapped = new Error('The cache failed', {
      cause: new Error('LOADING Redis is loading the dataset in memory'),
    });
    const read = redisStore(refusing(wrapped, 4), { clock }).read(NAME);
    await clock.advance(SECOND);
    expect(await read).toBeNull();
  });

  it.each([
    [
      'READONLY',
      "ERR Error running script (call to f_1028a5dba704e1d8a01fd96efeba25bb78f62df2): @user_script:4: @user_script: 4: -READONLY You can't write against a read only replica.",
    ],
    [
      'NOPERM',
      "ERR Error running script (call to f_1028a5dba704e1d8a01fd96efeba25bb78f62df2): @user_script:4: -NOPERM The user executing the script can't run this command or subcommand",
    ],
    [
      'MISCONF',
      'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
    ],
    ['NOREPLICAS', 'NOREPLICAS Not enough good replicas to write.'],
    ['MOVED', 'MOVED 3999 127.0.0.1:6381'],
    ['ERR', "ERR unknown command 'EVALSHA'"],
    ['REDIS_ERROR', 'Something else'],
    ['SubscriberModeError', 'Connection in subscriber mode, only subscriber commands may be used'],
    [
      'SubscriberModeError',
      "ERR Can't execute 'evalsha': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
    ],
  ])('does not include any other: %s', async (code, words) => {
    const store = redisStore(refusing(new Error(words), 1));
    await expect(store.read(NAME)).rejects.toMatchObject({ name: 'ErrLockStore', code, lock: NAME });
  });
});

describe('a command that is switched off', () => {
  // As Redis 5, 6 and 7 word it.
  it.each([
    'ERR unknown command `EVALSHA`, with args beginning with: `1f`, `1`, ',
    "ERR unknown command 'EVALSHA', with args beginning with: '1f' '1' ",
    'ERR Error running script (call to f_1028a5dba704e1d8a01fd96efeba25bb78f62df2): @user_script:4: @user_script: 4: Unknown Redis command called from Lua script ',
    'ERR Unknown Redis command called from script script: 1028a5dba704e1d8a01fd96efeba25bb78f62df2, on @user_script:4.',
  ])('is named, with those that are needed: %s', async (words) => {
    const refuse = () => Promise.reject(new Error(words));
    await expect(redisStore({ eval: refuse, evalSha: refuse }).read(NAME)).rejects.toMatchObject({
      message: expect.stringMatching(/(?:`|'|script)\. The server has that command switched off/),
    });
  });
});

describe('options', () => {
  const client = { eval: async () => [], evalSha: async () => [] };

  it.each([{ prefx: 'locks:' }, { prefix: 7 }, { commandTimeout: true }])(
    'are refused if they make no sense: %j',
    (options) => {
      expect(() => redisStore(client, untyped(options))).toThrow(TypeError);
    },
  );

  it.each([0, -1, 30, 'soon'].map((commandTimeout) => ({ commandTimeout })))(
    'are refused where they are too small: %j',
    (options) => {
      expect(() => redisStore(client, untyped(options))).toThrow(RangeError);
    },
  );

  const ioRedis = new Redis({ lazyConnect: true });

  it.each([
    ['an address', 'redis://localhost'],
    ['nothing', undefined],
    ['an object', {}],
    ['a transaction of node-redis', createClient().multi()],
    ['a transaction of ioredis', ioRedis.multi()],
    ['a pipeline of ioredis', ioRedis.pipeline()],
  ])('do not accept %s as a client', (_what, value) => {
    expect(() => redisStore(untyped(value))).toThrow(/redisStore needs a client of node-redis/);
  });

  it('do not accept a client that uses callbacks', async () => {
    const legacy = { eval: () => {}, evalSha: () => {} };
    await expect(redisStore(untyped(legacy)).read(NAME)).rejects.toThrow(/not in legacy mode/);
  });
});
