import { EventEmitter } from 'node:events';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import {
  type PostgresConnection,
  type PostgresStoreOptions,
  postgresStore,
} from '../../../src/stores/postgres/index.js';
import { FakeClock } from '../../../src/testing/index.js';
import { SECOND, untyped } from '../../../support/world.js';

const NAME = 'nightly';

/** What a `Pool` of `pg` needs of a client that is connected. */
class FakeClient extends EventEmitter {
  readonly _connected = true;
  readonly _queryable = true;
  /** The answers to statements, of any client. Without one: no rows. */
  static answers: ((client: FakeClient) => Promise<unknown>)[];
  static sent: number;
  static lastQuery: unknown;

  connect(callback: () => void): void {
    callback();
  }

  end(callback?: () => void): void {
    callback?.();
  }

  async query(query: unknown): Promise<unknown> {
    FakeClient.sent += 1;
    FakeClient.lastQuery = query;
    return FakeClient.answers.shift()?.(this) ?? { rows: [] };
  }
}

function poolThat(...answers: ((client: FakeClient) => Promise<unknown>)[]): pg.Pool {
  FakeClient.answers = answers;
  FakeClient.sent = 0;
  return poolWith({});
}

function poolWith(options: pg.PoolConfig): pg.Pool {
  return new pg.Pool(untyped({ Client: FakeClient, max: 1, ...options }));
}

function errorOf(code: string): Error {
  return Object.assign(new Error(`refused with ${code}`), { code });
}

async function listenersOn(pool: pg.Pool): Promise<number> {
  const client = await pool.connect();
  const count = client.listenerCount('error');
  client.release();
  return count;
}

describe('a client of a pool', () => {
  it('goes back after each operation, with no listener on it', async () => {
    const pool = poolThat();
    const before = await listenersOn(pool);
    const store = postgresStore(pool);
    for (const _ of [1, 2]) expect(await store.read(NAME)).toBeNull();
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
    expect(await listenersOn(pool)).toBe(before);
  });

  it('may report that its connection breaks: the operation goes on with the next', async () => {
    const broken: FakeClient[] = [];
    const pool = poolThat(async (client) => {
      broken.push(client);
      client.emit('error', new Error('nobody has listened'));
      throw errorOf('ECONNRESET');
    });
    expect(await postgresStore(pool).read(NAME)).toBeNull();
    expect(FakeClient.sent).toBe(2);
    const next = await pool.connect();
    expect(broken).not.toContain(next);
    next.release();
  });

  it('is closed after a failure, as the pool does by itself', async () => {
    const pool = poolThat(() => Promise.reject(errorOf('57014')));
    await expect(postgresStore(pool).read(NAME)).rejects.toMatchObject({ code: '57014' });
    expect(pool.totalCount).toBe(0);
  });

  it('is kept if it was only found in a transaction', async () => {
    const pool = poolThat();
    const client = await pool.connect();
    Object.assign(client, { getTransactionStatus: () => 'T' });
    client.release();
    await expect(postgresStore(pool).read(NAME)).rejects.toMatchObject({
      code: 'ERR_LOCK_IN_TRANSACTION',
      message: expect.stringContaining('End a transaction before its client goes back to the pool'),
    });
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
    expect(FakeClient.sent).toBe(0);
  });

  it('is kept, and sends nothing, if it comes when the time is over', async () => {
    const clock = new FakeClock();
    const pool = poolThat();
    const client = await pool.connect();
    const late = expect(postgresStore(pool, { clock }).read(NAME)).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
    await clock.advance(30 * SECOND);
    await late;
    client.release();
    await new Promise(setImmediate);
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
    expect(FakeClient.sent).toBe(0);
  });
});

describe('the time that pg waits for an answer', () => {
  const clientWith = (connectionParameters: object) =>
    Object.assign(new FakeClient(), { connectionParameters });

  it.each<readonly [string, number | undefined, object, PostgresStoreOptions]>([
    ['that of the store', 30_000, poolWith({}), {}],
    ['that of the store', 30_000, clientWith({ query_timeout: false }), {}],
    ['as long as a timer can be', 2 ** 31 - 1, poolWith({}), { commandTimeout: 2 ** 31 - 1 }],
    ['without end, if a timer cannot be that long', undefined, poolWith({}), { commandTimeout: 2 ** 31 }],
    ['without end', undefined, poolWith({}), { commandTimeout: Number.POSITIVE_INFINITY }],
    ['that of the pool', undefined, poolWith({ query_timeout: 200 }), {}],
    ['that of the client', undefined, clientWith({ query_timeout: 200 }), {}],
  ])('is %s', async (_, expected, connection, options) => {
    FakeClient.answers = [];
    await postgresStore(untyped(connection), { ...options, clock: new FakeClock() }).read(NAME);
    expect(Reflect.get(Object(FakeClient.lastQuery), 'query_timeout')).toBe(expected);
  });
});

describe('the query of somebody else', () => {
  type Query = PostgresConnection['query'];

  it.each<readonly [string, (query: Query) => object]>([
    ['in a subclass of the pool', (query) => Object.create(poolThat(), { query: { value: query } })],
    ['in the pool itself', (query) => Object.assign(poolThat(), { query })],
    ['in a proxy around it', (query) => proxyOf(poolThat(), { query })],
    ['in a proxy around nothing', (query) => proxyOf({}, { query, totalCount: 1 })],
    ['in what has no clients', (query) => ({ query, totalCount: 1 })],
  ])('is called %s', async (_, around) => {
    let count = 0;
    const connection = around(async () => {
      count += 1;
      return { rows: [] };
    });
    expect(await postgresStore(untyped(connection)).read(NAME)).toBeNull();
    expect(count).toBe(1);
  });

  function proxyOf(target: object, fields: object): object {
    return new Proxy(target, {
      get: (_, key) => Reflect.get(Object.hasOwn(fields, key) ? fields : target, key),
    });
  }
});
