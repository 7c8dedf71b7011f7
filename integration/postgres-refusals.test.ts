import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import pg from 'pg';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { acquire, breakLock, ErrLockBusy } from '../src/index.js';
import { postgresSchema, postgresStore } from '../src/stores/postgres/index.js';
import { FakeClock } from '../src/testing/index.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';

const MINUTE = 60_000;

/** A role that may connect, and nothing more. */
const GUEST = 'guest';

describeWithPostgres('a PostgreSQL server', (server) => {
  beforeAll(async () => {
    const admin = new pg.Client({ connectionString: server().urlFor() });
    await admin.connect();
    await admin.query(`CREATE ROLE ${GUEST} LOGIN`);
    await admin.query(`CREATE ROLE member LOGIN PASSWORD 'right'`);
    await admin.query('CREATE ROLE loner LOGIN CONNECTION LIMIT 1');
    await admin.query('CREATE ROLE unencrypted LOGIN');
    await admin.end();
    await server().askForPassword('member');
    await server().reject('unencrypted');
  });

  describe('that does not let the table be created', () => {
    test('says what to do, and changes nothing', async () => {
      const locks = new PostgresLocks(server());
      expect(await locks.inspect(guests(server()))).toMatchObject({ state: 'free' });
      await expect(locks.acquire(guests(server()))).rejects.toMatchObject({
        name: 'ErrLockStore',
        code: '42501',
        lock: locks.lock,
        message:
          `Cannot create the lock ${locks.lock}: permission denied for schema public. Somebody with the right to do so must create ` +
          'the table from `livinglock schema postgres`, and grant this user SELECT, INSERT and UPDATE on it, and USAGE on its schema.',
      });
      expect(await locks.row()).toBeNull();
    });

    test('lets roles use it that were granted access', async () => {
      const locks = new PostgresLocks(server());
      await locks.pool.query(postgresSchema({ tableName: locks.table }));
      await expect(locks.inspect(guests(server()))).rejects.toMatchObject({ code: '42501' });
      await locks.pool.query(`GRANT SELECT ON ${locks.table} TO ${GUEST}`);
      expect(await locks.inspect(guests(server()))).toMatchObject({ state: 'free' });
      await expect(locks.acquire(guests(server()))).rejects.toMatchObject({
        code: '42501',
        message: expect.stringMatching(/^Cannot create the lock nightly .+: permission denied for table t/),
      });
      await locks.pool.query(`GRANT INSERT, UPDATE ON ${locks.table} TO ${GUEST}`);
      const lock = await locks.acquire(guests(server()));
      await expect(locks.acquire(guests(server()))).rejects.toThrow(ErrLockBusy);
      await lock.heartBeat();
      await lock.release();
    });
  });

  test('confirms a lock although a trigger suppresses updates that change nothing', async () => {
    const locks = new PostgresLocks(server());
    const store = locks.store();
    await locks.acquire();
    await locks.pool.query(
      `CREATE TRIGGER least BEFORE UPDATE ON ${locks.table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    );
    const { version = '' } = (await store.read(locks.lock)) ?? {};
    expect(await store.confirm?.(locks.lock, version)).toBe(true);
  });

  test('that is read-only can be read, and nothing else', async () => {
    const locks = new PostgresLocks(server());
    const readers = poolOf(server(), { options: '-c default_transaction_read_only=on' });
    await expect(locks.acquire(readers)).rejects.toMatchObject({
      code: '25006',
      message:
        `Cannot create the lock ${locks.lock}: cannot execute CREATE TABLE in a read-only transaction. Connect to the primary ` +
        'server: this one, or this connection, is read-only.',
    });
    expect(await locks.row()).toBeNull();
    const lock = await locks.acquire();
    expect(await locks.inspect(readers)).toMatchObject({ state: 'live' });
    await expect(locks.acquire(readers)).rejects.toThrow(ErrLockBusy);
    const { version = '' } = (await locks.store(readers).read(locks.lock)) ?? {};
    // What it has read may be old, so it ends nobody.
    await expect(locks.store(readers).confirm?.(locks.lock, version)).rejects.toMatchObject({
      code: '25006',
    });
    await lock.release();
    const released = await locks.row();
    await expect(locks.acquire(readers)).rejects.toMatchObject({ code: '25006' });
    expect(await locks.row()).toEqual(released);
  });

  describe('with row-level security', () => {
    const failure = {
      name: 'ErrLockStore',
      code: '42501',
      message: expect.stringMatching(
        /row-level security.+\. Let the policies of the table give this user all rows/,
      ),
    };

    test('that hides the row makes no holder lose its lock', async () => {
      const { locks, connect } = await ofGuest(server());
      const clock = new FakeClock();
      const store = locks.store(connect(), { clock });
      const lock = await locks.acquire(undefined, { store, staleTimeout: MINUTE, dependencies: { clock } });
      const { version = '' } = (await store.read(locks.lock)) ?? {};
      await locks.pool.query(`ALTER TABLE ${locks.table} ENABLE ROW LEVEL SECURITY`);
      await expect(lock.heartBeat()).rejects.toMatchObject({ ...failure, isInDoubt: true });
      await expect(store.confirm?.(locks.lock, version)).rejects.toMatchObject(failure);
      await expect(store.read(locks.lock)).rejects.toMatchObject(failure);
      await clock.advance(MINUTE / 2);
      expect(lock.signal.aborted).toBe(false);
      await expect(locks.acquire(connect())).rejects.toMatchObject(failure);
      await locks.pool.query(`ALTER TABLE ${locks.table} DISABLE ROW LEVEL SECURITY`);
      await lock.heartBeat();
      await locks.pool.query(`ALTER TABLE ${locks.table} ENABLE ROW LEVEL SECURITY`);
      await expect(lock.release()).rejects.toMatchObject(failure);
      await locks.pool.query(`ALTER TABLE ${locks.table} DISABLE ROW LEVEL SECURITY`);
      await lock.release();
      expect(await locks.inspect()).toMatchObject({ state: 'free' });
    });

    test('works if a policy shows all rows', async () => {
      const { locks, connect } = await ofGuest(server());
      await locks.pool.query(`ALTER TABLE ${locks.table} ENABLE ROW LEVEL SECURITY`);
      await locks.pool.query(`CREATE POLICY all_rows ON ${locks.table} TO ${GUEST} USING (true)`);
      const store = locks.store(connect());
      for (const name of [locks.lock, 'another']) {
        const lock = await acquire(name, { store, heartbeatMinimalInterval: 0 });
        await lock.heartBeat();
        await lock.release();
      }
      const lost = await locks.acquire(undefined, { store });
      await breakLock(locks.lock, { store, force: true });
      await expect(lost.heartBeat()).rejects.toMatchObject({ name: 'ErrLockLost' });
      const deleted = await locks.acquire(undefined, { store });
      await locks.pool.query(`DELETE FROM ${locks.table}`);
      await expect(deleted.release()).rejects.toMatchObject(failure);
      await (await locks.acquire(undefined, { store })).release();
    });

    test('that refuses to be switched off says what to do', async () => {
      const { locks, connect } = await ofGuest(server());
      await locks.pool.query(`ALTER TABLE ${locks.table} ENABLE ROW LEVEL SECURITY`);
      await expect(locks.acquire(connect({ options: '-c row_security=off' }))).rejects.toMatchObject(failure);
    });
  });

  describe('with a temporary table of the same name', () => {
    const failure = {
      name: 'ErrLockStore',
      code: '42P16',
      message: expect.stringMatching(
        /a temporary table takes the place of .+ Name the schema of the real one/,
      ),
    };

    test('is noticed through a driver that renames columns', async () => {
      const locks = new PostgresLocks(server());
      const client = await clientOf(server());
      const camelCase = (name: string) => name.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase());
      const renaming = {
        async query(sql: string, values?: unknown[]) {
          const { rows } = await client.query(sql, values);
          return {
            rows: rows.map((row) =>
              Object.fromEntries(Object.entries(row).map(([name, value]) => [camelCase(name), value])),
            ),
          };
        },
      };
      await (await locks.acquire(undefined, { store: locks.store(renaming) })).release();
      await client.query(`CREATE TEMP TABLE shadow (LIKE ${locks.table} INCLUDING ALL)`);
      await client.query(`ALTER TABLE shadow RENAME TO ${locks.table}`);
      await expect(locks.acquire(undefined, { store: locks.store(renaming) })).rejects.toMatchObject(failure);
    });

    test.each(['empty', 'a copy'])('gives nobody the lock, and makes nobody lose it: %s', async (what) => {
      const locks = new PostgresLocks(server());
      const client = await clientOf(server());
      const store = locks.store(client);
      const lock = await locks.acquire(undefined, { store });
      const before = await locks.row();
      const { version = '' } = (await store.read(locks.lock)) ?? {};
      await client.query(`CREATE TEMP TABLE shadow (LIKE ${locks.table} INCLUDING ALL)`);
      if (what === 'a copy') await client.query(`INSERT INTO shadow SELECT * FROM ${locks.table}`);
      await client.query(`ALTER TABLE shadow RENAME TO ${locks.table}`);
      for (const act of [
        () => lock.heartBeat(),
        () => store.confirm?.(locks.lock, version),
        () => store.names?.(),
        () => lock.release(),
        () => locks.inspect(client),
        () => locks.acquire(client),
        () => acquire('another', { store }),
      ]) {
        await expect(act()).rejects.toMatchObject(failure);
      }
      expect(lock.signal.aborted).toBe(false);
      const { rowCount } = await client.query(`SELECT FROM ${locks.table}`);
      expect(rowCount).toBe(what === 'a copy' ? 1 : 0);
      expect(await locks.row()).toEqual(before);
      const named = locks.store(client, { schema: 'public' });
      expect(await named.read(locks.lock)).toMatchObject({ version });
      await client.query(`DROP TABLE pg_temp.${locks.table}`);
      await lock.heartBeat();
      await lock.release();
    });

    test('gives nobody the lock if the `search_path` begins with that schema', async () => {
      const locks = new PostgresLocks(server());
      const temporary = poolOf(server(), { max: 1, options: '-c search_path=pg_temp,public' });
      await expect(locks.acquire(temporary)).rejects.toMatchObject(failure);
    });
  });

  test.each([
    {
      what: 'a wrong password',
      connect: (there: PostgresServer) => ({ connectionString: there.urlFor('member', 'wrong') }),
      code: '28P01',
      words: 'password authentication failed for user "member". Check the user and the password',
    },
    {
      what: 'no password',
      connect: (there: PostgresServer) => ({ connectionString: there.urlFor('member').replace(':@', '@') }),
      code: '28P01',
      words: 'password must be a string. No password was given: set PGPASSWORD, write it to ~/.pgpass',
    },
    {
      what: 'an unknown user',
      connect: (there: PostgresServer) => ({ connectionString: there.urlFor('nobody') }),
      code: '28000',
      words: 'role "nobody" does not exist. Check the user and the password',
    },
    {
      what: 'a missing database',
      connect: (there: PostgresServer) => ({ host: there.folder, user: GUEST, database: 'elsewhere' }),
      code: '3D000',
      words: 'database "elsewhere" does not exist. Create the database',
    },
    {
      what: 'a connection without encryption',
      connect: (there: PostgresServer) => ({ connectionString: there.urlFor('unencrypted') }),
      code: '28000',
      words: 'no encryption. Set `ssl` for the connection (`?sslmode=verify-full` in an address).',
    },
    {
      what: 'encryption that it does not have',
      connect: (there: PostgresServer) => ({ host: there.folder, user: GUEST, ssl: true }),
      code: 'XX000',
      words: 'does not support SSL connections. Enable TLS on the server, or leave out `ssl`',
    },
    {
      what: 'a missing socket',
      connect: () => ({ host: '/nowhere/to/be/found' }),
      code: 'ENOENT',
      words: '.s.PGSQL.5432. Check that the server is running',
    },
  ])('refuses $what', async ({ connect, code, words }) => {
    const locks = new PostgresLocks(server());
    const refused = locks.acquire(poolOf(server(), { connectionString: undefined, ...connect(server()) }));
    await expect(refused).rejects.toMatchObject({ name: 'ErrLockStore', code });
    await expect(refused).rejects.toThrow(`Cannot read the lock ${locks.lock}: `);
    await expect(refused).rejects.toThrow(words);
  });

  test('that does not listen is reported with each of its addresses', async () => {
    const locks = new PostgresLocks(server());
    const refused = locks.acquire(
      poolOf(server(), { connectionString: undefined, host: 'localhost', port: await freePort() }),
    );
    await expect(refused).rejects.toMatchObject({ name: 'ErrLockStore', code: 'ECONNREFUSED' });
    await expect(refused).rejects.toThrow(/: connect ECONNREFUSED .+\. Check that the server is running/);
  });

  test('that has too many connections says so', async () => {
    const locks = new PostgresLocks(server());
    const only = await poolOf(server(), { connectionString: server().urlFor('loner') }).connect();
    await expect(
      locks.acquire(poolOf(server(), { connectionString: server().urlFor('loner') })),
    ).rejects.toMatchObject({
      code: '53300',
      message: expect.stringMatching(/too many connections for role "loner"\. Raise `max_connections`/),
    });
    only.release();
  });

  test('that waits too long for a locked row says so', async () => {
    const locks = new PostgresLocks(server());
    const lock = await locks.acquire(poolOf(server(), { options: '-c lock_timeout=20ms' }));
    const other = await locks.pool.connect();
    await other.query('BEGIN');
    await other.query(`SELECT FROM ${locks.table} FOR UPDATE`);
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: '55P03',
      message: expect.stringMatching(
        /canceling statement due to lock timeout\. .+ Nothing was changed; call again\.$/,
      ),
    });
    await other.query('COMMIT');
    other.release();
    await lock.heartBeat();
    await lock.release();
  });

  test('that ends what takes longer than `transaction_timeout` says so', async () => {
    const locks = new PostgresLocks(server());
    const lock = await locks.acquire(poolOf(server(), { options: '-c transaction_timeout=200ms' }));
    const other = await locks.pool.connect();
    await other.query('BEGIN');
    await other.query(`SELECT FROM ${locks.table} FOR UPDATE`);
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: '25P04',
      message: expect.stringMatching(
        /transaction timeout\. It was cancelled, or took longer than .+\. Call again\.$/,
      ),
    });
    await other.query('COMMIT');
    other.release();
    await lock.heartBeat();
    await lock.release();
  });

  test('of a client that has lost its connection says that a new one is needed', async () => {
    const locks = new PostgresLocks(server());
    const client = await clientOf(server());
    client.on('error', () => {});
    const lock = await locks.acquire(client);
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await locks.pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await expect(lock.heartBeat()).rejects.toMatchObject({
      code: '08003',
      message: expect.stringMatching(
        /not queryable\. A closed connection does not reopen: give the store a `Pool`/,
      ),
    });
  });

  describe('with names that mean something in SQL', () => {
    test.each([
      `it's`,
      `"quoted"`,
      `x'); DROP TABLE livinglock; --`,
      '$1',
      '\\',
      '%_',
      '😀 日本語',
      'x'.repeat(255),
    ])('takes %j literally', async (name) => {
      const { table, pool } = new PostgresLocks(server());
      const store = postgresStore(pool, { tableName: table });
      const lock = await acquire(name, { store });
      const { rows } = await pool.query(`SELECT lock_name FROM ${table}`);
      expect(rows).toEqual([{ lock_name: name }]);
      expect(await store.names?.()).toEqual([name]);
      await lock.release();
    });

    test.each(['', 'a\0b', 'x'.repeat(256), '日'.repeat(86), '\ud800'])('refuses %j', async (name) => {
      const { table, pool } = new PostgresLocks(server());
      const store = postgresStore(pool, { tableName: table });
      await expect(acquire(name, { store })).rejects.toThrow(TypeError);
    });
  });

  test('lets many contenders create the table at the same moment', async () => {
    for (let round = 1; round <= 5; round++) {
      const { table } = new PostgresLocks(server());
      const pools = Array.from({ length: 20 }, () => poolOf(server(), { max: 1 }));
      // So that they do not run one after the other.
      await Promise.all(pools.map((pool) => pool.query('SELECT 1')));
      const locks = await Promise.all(
        pools.map((pool) => acquire(randomUUID(), { store: postgresStore(pool, { tableName: table }) })),
      );
      expect(new Set(locks.map(({ token }) => token)).size).toBe(20);
      await Promise.all(locks.map((lock) => lock.release()));
    }
  });

  test('means the same to connections with other formats of times and numbers', async () => {
    const locks = new PostgresLocks(server());
    const TEXT = 25;
    const types = {
      getTypeParser: (type: number) => (value: string) => (type === TEXT ? value : { odd: value }),
    };
    const options =
      '-c timezone=Asia/Kolkata -c datestyle=German -c intervalstyle=postgres_verbose -c extra_float_digits=-15';
    const odd = poolOf(server(), { types, options });
    const lock = await locks.acquire(odd, { staleTimeout: 7_200_000.5, holdAtLeast: 1000.25 });
    await lock.heartBeat({ progress: 0.1 + 0.2 });
    const [one, other] = [await locks.inspect(odd), await locks.inspect()];
    expect(one.holder).toEqual(other.holder);
    expect(one.holder).toMatchObject({
      staleTimeout: 7_200_000.5,
      fencingToken: lock.fencingToken,
      acquiredAt: lock.acquiredAt,
      progress: { ratio: 0.1 + 0.2 },
    });
    const { rows } = await locks.pool.query(`SELECT lock_time FROM ${locks.table}`);
    expect(rows).toEqual([{ lock_time: lock.acquiredAt }]);
    await lock.release();
  });
});

async function clientOf(server: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.urlFor() });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A table that the guest may use, and the guest's connections. */
async function ofGuest(server: PostgresServer) {
  const locks = new PostgresLocks(server);
  await locks.pool.query(postgresSchema({ tableName: locks.table }));
  await locks.pool.query(`GRANT SELECT, INSERT, UPDATE ON ${locks.table} TO ${GUEST}`);
  const connect = (options: pg.PoolConfig = {}) =>
    poolOf(server, { connectionString: server.urlFor(GUEST), ...options });
  return { locks, connect };
}

function guests(server: PostgresServer): pg.Pool {
  return poolOf(server, { connectionString: server.urlFor(GUEST) });
}

/** Nobody listens there. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
