import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ErrFenced } from '../src/index.js';
import {
  fence,
  fenceSchema,
  type PostgresConnection,
  type PostgresFenceOptions,
} from '../src/stores/postgres/index.js';
import { pages } from '../support/docs/pages.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';
import { findForCron } from '../support/running.js';

const FIRST = { name: 'import', fencingToken: 1 };
const SECOND = { name: 'import', fencingToken: 2 };

const PSQL = findForCron('psql');

describeWithPostgres('two transactions at one fence in PostgreSQL', (server) => {
  test('the later holder waits for the earlier one, and then sees all that it has written', async () => {
    const { pool, first, second, claim, tableName } = await meet(server());
    await claim(first, FIRST);
    const seen = claim(second, SECOND).then(async () => {
      const { rows } = await second.query(`SELECT lock_name FROM ${tableName} WHERE lock_name = 'a result'`);
      return rows;
    });
    await someoneToWait(pool);
    await first.query(`INSERT INTO ${tableName} VALUES ('a result', 1)`);
    await first.query('COMMIT');
    expect(await seen).toEqual([{ lock_name: 'a result' }]);
  });

  test('the earlier holder waits for the later one, and is refused', async () => {
    const { pool, first, second, claim } = await meet(server());
    await claim(second, SECOND);
    const refused = expect(claim(first, FIRST)).rejects.toThrow(ErrFenced);
    await someoneToWait(pool);
    await second.query('COMMIT');
    await refused;
  });

  test('the earlier holder may go on if the later one rolls back', async () => {
    const { pool, first, second, claim } = await meet(server());
    await claim(second, SECOND);
    const claimed = claim(first, FIRST);
    await someoneToWait(pool);
    await second.query('ROLLBACK');
    await claimed;
    await first.query('COMMIT');
  });

  test.each(['REPEATABLE READ', 'SERIALIZABLE'])(
    'at %s the earlier holder gets a conflict, and is refused when it tries again',
    async (level) => {
      const { pool, first, second, claim } = await meet(server(), level);
      await claim(second, SECOND);
      const conflict = expect(claim(first, FIRST)).rejects.toMatchObject({ code: '40001' });
      await someoneToWait(pool);
      await second.query('COMMIT');
      await conflict;
      await first.query('ROLLBACK');
      await first.query('BEGIN');
      await expect(claim(first, FIRST)).rejects.toThrow(ErrFenced);
    },
  );

  test('the first claims of two locks create the table once, and no statement of theirs fails', async () => {
    const { pool, first, second, tableName } = await meet(server());
    await pool.query(`DROP TABLE ${tableName}`);
    await fence(first, FIRST, { tableName });
    const failed: string[] = [];
    const watched: PostgresConnection = {
      query: (text, values) =>
        second.query(text, values).catch((error: unknown) => {
          failed.push(text);
          throw error;
        }),
    };
    const claimed = fence(watched, { name: 'export', fencingToken: 1 }, { tableName });
    await someoneToWait(pool);
    await first.query('COMMIT');
    await claimed;
    expect(failed).toEqual([]);
    await second.query('COMMIT');
    const { rows } = await pool.query(`SELECT lock_name FROM ${tableName} ORDER BY lock_name`);
    expect(rows).toEqual([{ lock_name: 'export' }, { lock_name: 'import' }]);
  });
});

describeWithPostgres('a fence in PostgreSQL by pg', (server) => {
  describe('outside of a transaction', () => {
    test.each(['a pool', 'a client'])('is refused for %s', async (kind) => {
      const { pool, tableName, client } = await meet(server());
      const connection = kind === 'a pool' ? pool : await client();
      await expect(fence(connection, FIRST, { tableName })).rejects.toMatchObject({
        code: 'ERR_FENCE_WITHOUT_TRANSACTION',
      });
    });

    test('is not refused if the transaction was begun a moment ago, in the same breath', async () => {
      const { tableName, client } = await meet(server());
      const connection = await client();
      const [, claimed] = [connection.query('BEGIN'), fence(connection, FIRST, { tableName })];
      await claimed;
      await connection.query('COMMIT');
    });
  });

  test('is refused if a temporary table takes the place of its own, unless the schema is named', async () => {
    const { first, tableName } = await meet(server());
    await first.query(`CREATE TEMP TABLE ${tableName} (LIKE ${tableName} INCLUDING ALL)`);
    await fence(first, FIRST, { tableName, schema: 'public' });
    await expect(fence(first, FIRST, { tableName })).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: '42P16',
      isInDoubt: false,
      message: expect.stringMatching(/a temporary table takes the place of .+`schema`/),
    });
  });

  test('needs no right to create tables if there is one', async () => {
    const { pool, tableName } = await meet(server());
    const { role, claim } = await guest(server());
    await pool.query(`GRANT SELECT, INSERT, UPDATE ON ${tableName} TO ${role}`);
    await claim({ tableName });
  });

  test.each([
    ['create a table', 'schema public', () => ({})],
    ['write to the table', 'table t', (tableName: string) => ({ tableName })],
    ['use the schema', 'schema ops', () => ({ schema: 'ops' })],
  ])('says what to do if the user may not %s', async (_, refused, options) => {
    const { pool, tableName } = await meet(server());
    await pool.query('CREATE SCHEMA IF NOT EXISTS ops');
    const { claim } = await guest(server());
    await expect(claim(options(tableName))).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: '42501',
      isInDoubt: false,
      message: expect.stringMatching(
        `^Cannot claim the fence of import: permission denied for ${refused}.*\\. Somebody .+\`fenceSchema\\(\\)\`.+ grant`,
      ),
    });
  });

  test('says what to do if row-level security hides its row', async () => {
    const { pool, tableName } = await meet(server());
    const { role, claim } = await guest(server());
    await pool.query(`GRANT SELECT, INSERT, UPDATE ON ${tableName} TO ${role}`);
    await pool.query(`ALTER TABLE ${tableName} ENABLE ROW LEVEL SECURITY`);
    await expect(claim({ tableName })).rejects.toMatchObject({
      name: 'ErrLockStore',
      code: '42501',
      message: expect.stringContaining('Let the policies of the table give this user all rows'),
    });
  });

  test('fails with the error of the driver in a transaction that has failed already', async () => {
    const { first, claim } = await meet(server());
    await first.query('SELECT 1 / 0').catch(() => {});
    await expect(claim(first, FIRST)).rejects.toMatchObject({ code: '25P02' });
  });
});

/** A table of fences, and two connections with a transaction each. */
async function meet(server: PostgresServer, level = 'READ COMMITTED') {
  const { table: tableName } = new PostgresLocks(server);
  const pool = poolOf(server, { max: 10 });
  await pool.query(fenceSchema({ tableName }));
  const client = async () => {
    const connection = await pool.connect();
    // Ending it also ends a transaction that a test has left open.
    onTestFinished(() => connection.release(true));
    return connection;
  };
  const begin = async () => {
    const connection = await client();
    await connection.query(`BEGIN ISOLATION LEVEL ${level}`);
    return connection;
  };
  return {
    pool,
    tableName,
    client,
    first: await begin(),
    second: await begin(),
    claim: (connection: pg.PoolClient, lock: typeof FIRST) => fence(connection, lock, { tableName }),
  };
}

/** A user without any rights. */
async function guest(server: PostgresServer) {
  const role = `guest${randomUUID().replaceAll('-', '')}`;
  await poolOf(server).query(`CREATE ROLE ${role} LOGIN`);
  const claim = async (options: PostgresFenceOptions) => {
    const client = await poolOf(server, { connectionString: server.urlFor(role) }).connect();
    onTestFinished(() => client.release(true));
    await client.query('BEGIN');
    await fence(client, FIRST, options);
    await client.query('COMMIT');
  };
  return { role, claim };
}

/** Resolves when a statement waits for another transaction. */
async function someoneToWait(pool: pg.Pool): Promise<void> {
  const isThere = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`;
  while ((await pool.query(isThere)).rowCount === 0) await sleep(2);
}

describeWithPostgres('psql with the transaction that the documentation shows', (server) => {
  test.skipIf(PSQL === null)('refuses a run that comes too late, and writes nothing', async () => {
    const pool = poolOf(server());
    await pool.query(fenceSchema());
    await pool.query("CREATE TABLE payouts AS SELECT 'due' AS state");
    const page = pages.find(({ path }) => path === 'docs/fencing.md');
    const sql = page?.blocks.find(({ code }) => code.includes('\\gset'))?.code ?? '';
    const runWith = async (token: number) => {
      await pool.query("UPDATE payouts SET state = 'due'");
      const variables = ['ON_ERROR_STOP=1', 'lock=payouts', `token=${token}`].flatMap((each) => ['-v', each]);
      const place = ['-h', server().folder, '-U', 'postgres', 'postgres'];
      const { status, stderr } = spawnSync(PSQL ?? '', ['-X', ...variables, ...place], {
        input: sql,
        encoding: 'utf8',
      });
      const { rows } = await pool.query('SELECT state FROM payouts');
      return { status, stderr, rows };
    };
    const paid = { status: 0, stderr: '', rows: [{ state: 'paid' }] };
    expect(await runWith(7)).toEqual(paid);
    expect(await runWith(6)).toEqual({
      status: 3,
      stderr: expect.stringContaining('another run has taken over'),
      rows: [{ state: 'due' }],
    });
    expect(await runWith(7)).toEqual(paid);
    expect(await runWith(8)).toEqual(paid);
  });
});
