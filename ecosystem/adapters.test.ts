import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Awaitable, acquire, ErrFenced, inspect, type Store } from 'livinglock';
import { type FencedLock, fence, type PostgresConnection } from 'livinglock/postgres';
import { testStore } from 'livinglock/testing';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { describeWithServer } from '../support/describe-with-server.js';
import { canServePostgres, PostgresServer } from '../support/postgres/postgres-server.js';
import * as drizzle from './adapters/drizzle.js';
import * as knex from './adapters/knex.js';
import * as kysely from './adapters/kysely.js';
import * as neon from './adapters/neon.js';
import * as pgPromise from './adapters/pg-promise.js';
import * as postgresJs from './adapters/postgres-js.js';
import * as prisma from './adapters/prisma.js';
import * as sequelize from './adapters/sequelize.js';
import * as typeorm from './adapters/typeorm.js';
import { generatedClient } from './support/prisma.js';
import { WebSocketProxy } from './support/websocket-proxy.js';

// Through each driver of `docs/adapters.md`, which shows the lines in `adapters/`.

/** A user who may log in, and nothing else. */
const GUEST = 'guest';

const FIRST: FencedLock = { name: 'payouts', fencingToken: 1_764_000_000_000_001 };
const SECOND: FencedLock = { name: 'payouts', fencingToken: 1_764_000_000_000_002 };

/** A store, and what ends its connections. */
interface Opened {
  readonly store: Store;
  /** Outside of a transaction. */
  readonly connection: PostgresConnection;
  /** Claims the fence of the lock and pays all payouts, in a transaction as users of the driver write it. */
  pay(lock: FencedLock): Promise<void>;
  end(): Awaitable<unknown>;
}

const DRIVERS: Record<string, (url: string) => Awaitable<Opened>> = {
  'postgres.js': postgresJs.open,
  Knex: knex.open,
  Kysely: kysely.open,
  Drizzle: drizzle.open,
  TypeORM: typeorm.open,
  Sequelize: sequelize.open,
  'pg-promise': pgPromise.open,
  Prisma: async (url) => prisma.open(url, await generatedClient()),
  'the pool of Neon': neon.open,
};

describeWithServer('through', canServePostgres, startServers, (servers) => {
  describe.each(Object.entries(DRIVERS))('%s', (_, open) => {
    let url: string;
    let opened: Opened;
    let another: Opened;

    beforeAll(async () => {
      url = await servers().newDatabase();
      opened = await open(url);
      another = await open(url);
    });

    afterAll(async () => {
      await opened?.end();
      await another?.end();
    });

    testStore('a store', () => ({ store: opened.store, another: () => another.store }), { describe, it });

    test('the lock of a dead holder is taken over', async () => {
      const name = randomUUID();
      const pid = await dieHolding(name, url);
      const lock = await acquire(name, { store: opened.store });
      await lock.release();
      expect(lock.predecessor).toMatchObject({ state: 'dead', record: { processId: pid } });
    });

    test.each([
      ['the server ends all connections', () => servers().disconnectAll()],
      ['its connection breaks without a word', () => servers().cutNext()],
    ])('a heartbeat survives that %s', async (_what, disconnect) => {
      // Its pool has no other connections yet, which would be broken as well.
      const fresh = await open(url);
      try {
        const lock = await acquire(randomUUID(), { store: fresh.store, heartbeatMinimalInterval: 0 });
        await disconnect();
        await lock.heartBeat({ note: 'on a new connection' });
        const { holder } = await inspect(lock.name, { store: fresh.store });
        expect(holder?.progress?.note).toBe('on a new connection');
        await lock.release();
      } finally {
        await fresh.end();
      }
    });

    test('an error has the code of PostgreSQL, and says what to do', async () => {
      const guest = await open(url.replace('//postgres@', `//${GUEST}@`));
      try {
        const refused = acquire(randomUUID(), { store: guest.store });
        await expect(refused).rejects.toMatchObject({
          name: 'ErrLockStore',
          code: '42501',
          message: expect.stringMatching(/permission denied .*\. Somebody .* grant this user/),
        });
      } finally {
        await guest.end();
      }
    });

    describe('a fence', () => {
      let admin: pg.Client;

      beforeAll(async () => {
        admin = new pg.Client({ connectionString: url });
        admin.on('error', () => {});
        await admin.connect();
        await admin.query('CREATE TABLE payouts (id int PRIMARY KEY, state text NOT NULL)');
      });
      beforeEach(async () => {
        await admin.query('DROP TABLE IF EXISTS livinglock_fences');
        await admin.query("TRUNCATE payouts; INSERT INTO payouts VALUES (1, 'due'), (2, 'due')");
      });
      afterEach(async () => {
        await admin.query('ALTER TABLE payouts DROP CONSTRAINT IF EXISTS closed');
      });
      afterAll(() => admin?.end());

      const one = async (query: string) => (await admin.query({ text: query, rowMode: 'array' })).rows.flat();
      const states = () => one('SELECT state FROM payouts ORDER BY id');
      const newest = async () => (await one('SELECT fencing_token FROM livinglock_fences')).map(Number);

      test('is claimed with what the transaction writes', async () => {
        await opened.pay(FIRST);
        expect(await states()).toEqual(['paid', 'paid']);
        expect(await newest()).toEqual([FIRST.fencingToken]);
      });

      test('is not claimed, nor its table created, if the transaction is rolled back', async () => {
        await admin.query("ALTER TABLE payouts ADD CONSTRAINT closed CHECK (state <> 'paid')");
        await expect(opened.pay(FIRST)).rejects.toThrow();
        expect(await one("SELECT to_regclass('livinglock_fences')")).toEqual([null]);
      });

      test('refuses a late transaction, which is rolled back', async () => {
        await opened.pay(SECOND);
        await admin.query("UPDATE payouts SET state = 'due'");
        // A write of the transaction that comes before the refusal.
        await admin.query(`
          CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO payouts VALUES (3, ''noted''); RETURN NEW; END';
          CREATE TRIGGER note BEFORE UPDATE ON livinglock_fences FOR EACH ROW EXECUTE FUNCTION note()`);
        const refusal = await opened.pay(FIRST).catch((error: unknown) => error);
        expect(refusal).toBeInstanceOf(ErrFenced);
        expect(await states()).toEqual(['due', 'due']);
        await opened.pay(SECOND);
        expect(await states()).toEqual(['paid', 'paid', 'noted']);
      });

      test.each(['with', 'without'])('is refused outside of a transaction, %s its table', async (kind) => {
        if (kind === 'with') await opened.pay(FIRST);
        await expect(fence(opened.connection, SECOND)).rejects.toMatchObject({
          code: 'ERR_FENCE_WITHOUT_TRANSACTION',
        });
      });

      test('says what to do if the user may not create its table', async () => {
        const guest = await open(url.replace('//postgres@', `//${GUEST}@`));
        try {
          await expect(guest.pay(FIRST)).rejects.toMatchObject({
            name: 'ErrLockStore',
            code: '42501',
            message: expect.stringMatching(
              /^Cannot claim the fence of payouts: permission denied for schema public\. Somebody/,
            ),
          });
        } finally {
          await guest.end();
        }
      });

      test('is created once by two transactions that begin together', async () => {
        await admin.query('BEGIN; LOCK TABLE payouts');
        const both = Promise.all([opened.pay(FIRST), another.pay({ ...FIRST, name: 'refunds' })]);
        await servers().twoToWait(url);
        await admin.query('COMMIT');
        await both;
        expect(await newest()).toEqual([FIRST.fencingToken, FIRST.fencingToken]);
      });
    });
  });
});

/** Acquires a lock in a process that ends without releasing it. Resolves to its PID. */
async function dieHolding(name: string, url: string): Promise<number> {
  const program = `
    import { acquire } from 'livinglock';
    import { postgresStore } from 'livinglock/postgres';
    import pg from 'pg';
    const [name, url] = process.argv.slice(1);
    const pool = new pg.Pool({ connectionString: url });
    await acquire(name, { store: postgresStore(pool) });
    console.log(process.pid);
    process.exit();`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program, name, url],
    { cwd: import.meta.dirname },
  );
  return Number(stdout);
}

async function startServers() {
  const server = await PostgresServer.start();
  const proxy = await CuttingProxy.start({ path: server.socket });
  const webSockets = await WebSocketProxy.start(proxy.port);
  const admin = new pg.Client({ connectionString: server.urlFor() });
  await admin.connect();
  await admin.query(`CREATE ROLE ${GUEST} LOGIN`);

  return {
    /** Without any table. Resolves to its address. */
    async newDatabase() {
      const name = `d${randomUUID().replaceAll('-', '')}`;
      await admin.query(`CREATE DATABASE ${name}`);
      return `postgres://postgres@127.0.0.1:${proxy.port}/${name}`;
    },
    cutNext: () => proxy.cutAt(1, 'before'),
    /** Resolves when two statements wait for other transactions. */
    async twoToWait(url: string) {
      const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1`;
      const database = url.slice(url.lastIndexOf('/') + 1);
      while ((await admin.query(waiting, [database])).rowCount !== 2) await sleep(2);
    },
    disconnectAll: () =>
      admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      ),
    async end() {
      await admin.end();
      await webSockets.end();
      await proxy.end();
      await server.end();
    },
  };
}
