import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { pages } from '../support/docs/pages.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';

// The statements that docs/postgres.md shows against writes that come too late.

const page = pages.find(({ path }) => path === 'docs/postgres.md');
const SQL = page?.blocks.filter(({ language }) => language === 'sql').map(({ code }) => code) ?? [];

describeWithPostgres('a write of a PostgreSQL job', (server) => {
  describe('that asks for the row of the lock', () => {
    test('is refused after a takeover, although the later holder has not written', async () => {
      const { pool, first, takeOver, write, state } = await makeJob(server(), 'FOR SHARE');
      expect(await write(pool, 'first', first)).toBe(1);
      const second = await takeOver();
      expect(await write(pool, 'late', first)).toBe(0);
      expect(await write(pool, 'second', second)).toBe(1);
      expect(await state()).toBe('second');
    });

    test('waits for a takeover that has begun, and is refused', async () => {
      const { pool, first, write, state, duringTakeover } = await makeJob(server(), 'FOR SHARE');
      expect(await duringTakeover(() => write(pool, 'late', first))).toBe(0);
      expect(await state()).toBe('nothing');
    });

    test('fails at a stricter isolation level, if it waited for a takeover', async () => {
      const { first, write, state, duringTakeover } = await makeJob(server(), 'FOR SHARE');
      const strict = poolOf(server(), { options: '-c default_transaction_isolation=repeatable\\ read' });
      await expect(duringTakeover(() => write(strict, 'late', first))).rejects.toMatchObject({
        code: '40001',
      });
      expect(await state()).toBe('nothing');
    });

    test('makes a takeover wait for its transaction, with all that it writes after it', async () => {
      const { pool, table, first, takeOver, write, state } = await makeJob(server(), 'FOR SHARE');
      const writer = await pool.connect();
      await writer.query('BEGIN');
      expect(await write(writer, 'first', first)).toBe(1);
      const seen = takeOver().then(async (second) => ({ second, state: await state() }));
      await someoneToWait(pool);
      await writer.query(`UPDATE ${table} SET state = 'first, and more'`);
      await writer.query('COMMIT');
      writer.release();
      const { second, ...before } = await seen;
      expect(before).toEqual({ state: 'first, and more' });
      expect(await write(pool, 'late', first)).toBe(0);
      expect(await write(pool, 'second', second)).toBe(1);
    });
  });

  test('that compares a column is refused once the later holder has written', async () => {
    const { pool, first, takeOver, write, state } = await makeJob(server(), 'fence <=');
    expect(await write(pool, 'first', first)).toBe(1);
    const second = await takeOver();
    expect(await write(pool, 'not protected', first)).toBe(1);
    expect(await write(pool, 'second', second)).toBe(1);
    expect(await write(pool, 'late', first)).toBe(0);
    expect(await state()).toBe('second');
  });
});

/** A lock whose holder is dead, and the table that its job writes to, by the statement of the page that contains these words. */
async function makeJob(server: PostgresServer, words: string) {
  const locks = new PostgresLocks(server);
  const { pool, processes } = locks;
  const table = `${locks.table}_invoices`;
  const statement = (part: string) =>
    SQL.find((sql) => sql.includes(part))
      ?.replaceAll('invoices', table)
      .replaceAll('livinglock', locks.table)
      .replaceAll("'import'", `'${locks.lock}'`) ?? '';
  await pool.query(`CREATE TABLE ${table} (customer text PRIMARY KEY, state text NOT NULL)`);
  await pool.query(`INSERT INTO ${table} VALUES ('Ada', 'nothing')`);
  await pool.query(statement('ADD COLUMN fence'));
  const { fencingToken: first } = await locks.acquireByDead();
  return {
    pool,
    table,
    first,
    takeOver: async () => (await locks.acquire(pool, { dependencies: { processes } })).fencingToken,
    state: async () => (await pool.query(`SELECT state FROM ${table}`)).rows[0]?.state,
    /** Returns how many rows were changed. */
    write: async (connection: pg.Pool | pg.PoolClient, state: string, token: number) =>
      (await connection.query(statement(words), ['Ada', state, token])).rowCount,
    /** What comes of a write that begins when a takeover has changed the row of the lock, but has not committed. */
    duringTakeover: async (write: () => Promise<number | null>) => {
      const other = await pool.connect();
      await other.query('BEGIN');
      await other.query(
        `UPDATE ${locks.table} SET fencing_token = fencing_token + 1, revision = revision + 1`,
      );
      const written = write().then(
        (count) => () => count,
        (error: unknown) => () => {
          throw error;
        },
      );
      await someoneToWait(pool);
      await other.query('COMMIT');
      other.release();
      return (await written)();
    },
  };
}

/** Resolves when a statement waits for another transaction. */
async function someoneToWait(pool: pg.Pool): Promise<void> {
  const isThere = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
  while ((await pool.query(isThere)).rowCount === 0) await sleep(2);
}
