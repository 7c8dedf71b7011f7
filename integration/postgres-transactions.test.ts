import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import type { Claim, Outcome, Store } from '../src/core/store.js';
import type { Lock } from '../src/index.js';
import { type PostgresConnection, postgresStore } from '../src/stores/postgres/index.js';
import { FakeProcessTable, testStore } from '../src/testing/index.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';

describeWithPostgres('transactions of a PostgreSQL server', (server) => {
  // In READ COMMITTED a statement reads the state of when it began, and changes the state of when it gets to a row.
  describe('that were faster', () => {
    test('that take over are seen by a heartbeat', async () => {
      const { store, locks, holder } = await heldLock(server());
      const outcome = await overtaken(locks, `token = 'successor', revision = revision + 1`, () =>
        store.beat(locks.lock, holder.token, {}),
      );
      expect(tokenFound(outcome)).toBe('successor');
    });

    test('that take over are seen by a release', async () => {
      const { store, locks, holder } = await heldLock(server());
      const outcome = await overtaken(locks, `token = 'successor', revision = revision + 1`, () =>
        store.remove(locks.lock, holder.token),
      );
      expect(tokenFound(outcome)).toBe('successor');
    });

    test('that send a heartbeat are seen by a takeover', async () => {
      const { store, locks, holder } = await heldLock(server());
      const { version } = (await store.read(locks.lock)) ?? {};
      const beat = `heartbeat_at = clock_timestamp(), revision = revision + 1, progress = '{"note": "I live"}'`;
      const outcome = await overtaken(locks, beat, () => store.claim(locks.lock, newClaim(), version));
      expect(tokenFound(outcome)).toBe(holder.token);
      expect(outcome).toMatchObject({ found: { progress: { note: 'I live' } } });
    });

    test('that release leave no holder to be found', async () => {
      const { store, locks } = await heldLock(server());
      const { version } = (await store.read(locks.lock)) ?? {};
      const outcome = await overtaken(locks, 'lock_owner = NULL, revision = revision + 1', () =>
        store.claim(locks.lock, newClaim(), version),
      );
      expect(outcome).toEqual({ done: false, found: null });
    });

    test('that create the lock are seen, although the statement began before', async () => {
      const { store, locks } = await heldLock(server());
      await locks.pool.query(`DELETE FROM ${locks.table}`);
      const other = await locks.pool.connect();
      const claim = newClaim();
      await other.query('BEGIN');
      // Only its `query`: the store would not work in a transaction.
      const inTransaction = { query: (text: string, values?: unknown[]) => other.query(text, values) };
      expect((await locks.store(inTransaction).claim(locks.lock, claim)).done).toBe(true);
      const waiting = store.claim(locks.lock, newClaim());
      await someoneToWait(locks.pool);
      await other.query('COMMIT');
      other.release();
      expect(tokenFound(await waiting)).toBe(claim.token);
    });

    test('that delete the row leave nothing to be found', async () => {
      const { store, locks, holder } = await heldLock(server());
      const blocker = await locks.pool.connect();
      await blocker.query('BEGIN');
      await blocker.query(`DELETE FROM ${locks.table}`);
      const waiting = store.beat(locks.lock, holder.token, {});
      await someoneToWait(locks.pool);
      await blocker.query('COMMIT');
      blocker.release();
      expect(await waiting).toEqual({ done: false, found: null });
    });
  });

  describe.each(['repeatable read', 'serializable'])('that are %s by default', (isolation) => {
    // The space would end the option.
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;

    test('are tried again after a conflict', async () => {
      const { locks, holder } = await heldLock(server());
      const strict = locks.store(poolOf(server(), { options }));
      const touch = 'heartbeat_at = clock_timestamp(), revision = revision + 1';
      const beaten = await overtaken(locks, touch, () => strict.beat(locks.lock, holder.token, {}));
      expect(beaten.done).toBe(true);
      const released = await overtaken(locks, touch, () => strict.remove(locks.lock, holder.token));
      expect(released.done).toBe(true);
    });

    const connect = () => postgresStore(poolOf(server(), { options }));
    testStore('pass the same test suite', () => ({ store: connect(), another: connect }), { describe, it });
  });

  test('that deadlock are ended by the server, and tried again', async () => {
    const { locks, holder } = await heldLock(server());
    const victims = poolOf(server(), { options: '-c deadlock_timeout=100ms' });
    const deadlocks: unknown[] = [];
    const query = (text: string, values?: unknown[]) =>
      victims.query(text, values).catch((error) => {
        deadlocks.push(error.code);
        throw error;
      });
    const other = await poolOf(server(), { options: '-c deadlock_timeout=2s' }).connect();
    // A waiting transaction checks for a deadlock once. If the first one checked too early, the second one is the victim.
    while (deadlocks.length === 0) {
      await other.query('BEGIN');
      await other.query(`SELECT FROM ${locks.table} FOR UPDATE`);
      const beaten = locks.store({ query }).beat(locks.lock, holder.token, {});
      await someoneToWait(locks.pool);
      // The heartbeat has the table, and waits for the row; this has the row, and waits for the table.
      await other.query(`LOCK TABLE ${locks.table}`).catch(() => {});
      await other.query('COMMIT');
      expect((await beaten).done).toBe(true);
    }
    other.release();
    expect(deadlocks).toEqual(['40P01']);
  });

  describe('of the user’s that are open', () => {
    test('are refused', async () => {
      const locks = new PostgresLocks(server());
      const client = await connectTo(server());
      const lock = await locks.acquire(client);
      for (const begin of ['BEGIN', 'BEGIN; SELECT 1 / 0']) {
        await client.query(begin).catch(() => {});
        const row = await locks.row();
        await expectRefused(locks, lock, client, 'Give the store a `Pool` or a connection of its own');
        expect(await locks.row()).toEqual(row);
        await client.query('ROLLBACK');
        await lock.heartBeat();
      }
      await lock.release();
    });

    test('are refused in a client that was given back to its pool with one', async () => {
      const locks = new PostgresLocks(server());
      const pool = poolOf(server());
      const lock = await locks.acquire(pool);
      const client = await pool.connect();
      await client.query('BEGIN');
      client.release();
      await expectRefused(locks, lock, pool, 'End a transaction before its client goes back to the pool');
      // It is somebody else’s transaction, and stays as it is.
      const again = await pool.connect();
      expect(again).toBe(client);
      expect(again.getTransactionStatus()).toBe('T');
      await again.query('ROLLBACK');
      again.release();
      await lock.release();
      expect(pool).toMatchObject({ totalCount: 1, idleCount: 1 });
      expect(await locks.inspect()).toMatchObject({ state: 'free' });
    });

    test('are noticed in a pool without help from the driver after a failure in them', async () => {
      const locks = new PostgresLocks(server());
      const pool = poolOf(server());
      const client = await pool.connect();
      Object.assign(client, { getTransactionStatus: undefined });
      await client.query('BEGIN; SELECT 1 / 0').catch(() => {});
      client.release();
      await expect(locks.inspect(pool)).rejects.toMatchObject({
        code: 'ERR_LOCK_IN_TRANSACTION',
        message: expect.stringContaining('End a transaction before its client goes back to the pool'),
      });
    });

    test('are noticed too if they begin in the middle of an operation', async () => {
      const locks = new PostgresLocks(server());
      const client = await connectTo(server());
      const lock = await locks.acquire(client);
      const begun = client.query('BEGIN');
      const refused = expect(lock.heartBeat()).rejects.toMatchObject({ code: 'ERR_LOCK_IN_TRANSACTION' });
      await begun;
      await refused;
      await client.query('ROLLBACK');
      await lock.heartBeat();
      await lock.release();
    });

    test('cannot be noticed in a client that pipelines, so it is refused; a pool of such clients is not', async () => {
      const options = { connectionString: server().urlFor(), pipeline: true };
      expect(() => postgresStore(new pg.Client(options))).toThrow(
        /^postgresStore cannot use a `Client` with `pipeline: true`.+ Use a `Pool`\.$/,
      );
      const locks = new PostgresLocks(server());
      const lock = await locks.acquire(poolOf(server(), options));
      await lock.heartBeat();
      await lock.release();
    });

    test('are noticed without help from the driver after a failure in them', async () => {
      const locks = new PostgresLocks(server());
      const client = await connectTo(server());
      const silent = { query: (text: string, values?: unknown[]) => client.query(text, values) };
      const lock = await locks.acquire(silent);
      await client.query('BEGIN; SELECT 1 / 0').catch(() => {});
      await expect(lock.heartBeat()).rejects.toMatchObject({ code: 'ERR_LOCK_IN_TRANSACTION' });
      await client.query('ROLLBACK');
      await lock.release();
    });
  });
});

/** Each operation on that connection, in a transaction. */
async function expectRefused(
  locks: PostgresLocks,
  lock: Lock,
  connection: PostgresConnection,
  advice: string,
): Promise<void> {
  const attempts = [
    () => lock.heartBeat(),
    () => lock.release(),
    () => locks.acquire(connection),
    () => locks.inspect(connection),
  ];
  for (const attempt of attempts) {
    await expect(attempt()).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: 'ERR_LOCK_IN_TRANSACTION',
      message: expect.stringContaining(advice),
    });
  }
}

/** A lock with the holder that a test wants, in its own table. */
async function heldLock(server: PostgresServer) {
  const locks = new PostgresLocks(server);
  const store = locks.store(poolOf(server));
  const holder = newClaim();
  await store.claim(locks.lock, holder);
  return { locks, store, holder };
}

function newClaim(): Claim {
  return {
    token: randomUUID(),
    process: new FakeProcessTable().self(),
    workers: [],
    staleTimeout: 3_600_000,
    command: null,
    user: null,
    cwd: null,
    owner: null,
  };
}

/** The result of an operation that began when another transaction had changed the row, but not yet committed. */
async function overtaken(
  locks: PostgresLocks,
  change: string,
  operate: () => ReturnType<Store['beat']>,
): Promise<Outcome> {
  const other = await locks.pool.connect();
  try {
    await other.query('BEGIN');
    await other.query(`UPDATE ${locks.table} SET ${change}`);
    const outcome = operate();
    await someoneToWait(locks.pool);
    await other.query('COMMIT');
    return await outcome;
  } finally {
    other.release();
  }
}

/** Resolves when a statement waits for another transaction. */
async function someoneToWait(connection: pg.Pool | pg.PoolClient): Promise<void> {
  const isThere = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%moment%'`;
  while ((await connection.query(isThere)).rowCount === 0) await sleep(2);
}

function tokenFound(outcome: Outcome): string | null | undefined {
  return outcome.done ? 'done' : outcome.found?.token;
}

async function connectTo(server: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.urlFor() });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
