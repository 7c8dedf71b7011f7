import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import type { PostgresConnection } from '../src/stores/postgres/index.js';
import { FakeClock } from '../src/testing/index.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import { poll } from '../support/running.js';

describeWithPostgres('the statements that pg sends', (server) => {
  /** Nobody else's time passes, in which the lock would be read once more than the test says. */
  const dependencies = { clock: new FakeClock() };

  async function clientOf(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: server().urlFor() });
    await client.connect();
    onTestFinished(() => client.end());
    return client;
  }

  /** What a job does with a lock. */
  async function work(locks: PostgresLocks, connection: PostgresConnection): Promise<void> {
    const lock = await locks.acquire(connection, { dependencies });
    await lock.heartBeat({ progress: 0.5 });
    await lock.heartBeat();
    expect(await locks.inspect(connection)).toMatchObject({ state: 'live', holder: { token: lock.token } });
    await lock.release();
  }

  async function namesIn(client: pg.Client): Promise<number> {
    const { rows } = await client.query('SELECT name FROM pg_prepared_statements');
    return rows.length;
  }

  test('are parsed once for a connection, if they come again', async () => {
    const locks = new PostgresLocks(server());
    const client = await clientOf();
    await work(locks, client);
    await work(locks, client);
    // Read, create, beat, remove.
    expect(await namesIn(client)).toBe(4);
  });

  test('do not confuse two tables', async () => {
    const client = await clientOf();
    for (const locks of [new PostgresLocks(server()), new PostgresLocks(server())]) await work(locks, client);
    expect(await namesIn(client)).toBe(8);
  });

  test('have no names any more once a session has forgotten them, as behind a pooler', async () => {
    const locks = new PostgresLocks(server());
    const client = await clientOf();
    const lock = await locks.acquire(client, { dependencies });
    await lock.heartBeat();
    await client.query('DEALLOCATE ALL');
    await lock.heartBeat({ note: 'later' });
    expect(await locks.row()).toMatchObject({ token: lock.token, progress: { note: 'later' } });
    await lock.heartBeat();
    await lock.release();
    expect(await namesIn(client)).toBe(0);
  });

  test('have no names any more once a session knows them from another client, as behind a pooler', async () => {
    const locks = new PostgresLocks(server());
    const client = await clientOf();
    const lock = await locks.acquire(client, { dependencies });
    await lock.heartBeat();
    const before = await namesIn(client);
    Reflect.set(Object(Reflect.get(client, 'connection')), 'parsedStatements', {});
    await lock.heartBeat({ note: 'later' });
    expect(await locks.row()).toMatchObject({ token: lock.token, progress: { note: 'later' } });
    await lock.release();
    expect(await namesIn(client)).toBe(before);
  });

  test('are answered in texts, whatever the program has made of texts', async () => {
    const types = { getTypeParser: () => (value: string) => ({ value }) };
    await work(new PostgresLocks(server()), poolOf(server(), { types }));
  });

  test('go through the query of a proxy around a pool', async () => {
    const pool = poolOf(server());
    const sent: unknown[] = [];
    const proxy = new Proxy(pool, {
      get(target, key) {
        if (key !== 'query') return Reflect.get(target, key, target);
        return (query: pg.QueryConfig) => {
          sent.push(query.text);
          return target.query(query);
        };
      },
    });
    await work(new PostgresLocks(server()), proxy);
    expect(sent.length).toBeGreaterThan(5);
  });

  test('go through a client that emits no events, and give it back', async () => {
    class Traced extends pg.Pool {
      override connect(): Promise<pg.PoolClient>;
      override connect(callback: Parameters<pg.Pool['connect']>[0]): void;
      override connect(callback?: Parameters<pg.Pool['connect']>[0]) {
        if (callback !== undefined) return super.connect(callback);
        return super.connect().then((client) => ({
          query: client.query.bind(client),
          release: client.release,
        })) as Promise<pg.PoolClient>;
      }
    }
    const pool = new Traced({ connectionString: server().urlFor(), max: 1 });
    onTestFinished(() => pool.end());
    await work(new PostgresLocks(server()), pool);
    expect(pool).toMatchObject({ totalCount: 1, idleCount: 1, waitingCount: 0 });
  });

  test('do not leave a connection in the pool on which no answer came in time', async () => {
    const locks = new PostgresLocks(server());
    const pool = poolOf(server(), { max: 1 });
    const store = locks.store(pool, { commandTimeout: '300ms' });
    const lock = await locks.acquire(pool, { store });
    const other = await clientOf();
    await other.query('BEGIN');
    await other.query(`SELECT FROM ${locks.table} FOR UPDATE`);
    await expect(lock.heartBeat()).rejects.toMatchObject({ name: 'ErrLockStore', code: 'ETIMEDOUT' });
    await poll('The connection stays', () => pool.totalCount === 0);
    await other.query('ROLLBACK');
    await lock.heartBeat();
    await lock.release();
  });

  test('keep the timeout that the pool already has', async () => {
    const locks = new PostgresLocks(server());
    const pool = poolOf(server(), { max: 1, query_timeout: 200 });
    const lock = await locks.acquire(pool);
    const other = await clientOf();
    await other.query('BEGIN');
    await other.query(`SELECT FROM ${locks.table} FOR UPDATE`);
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining('Query read timeout'),
    });
    await other.query('ROLLBACK');
    await lock.release();
  });
});
