import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { type Awaitable, acquire, inspect, type Store } from 'livinglock';
import { testStore } from 'livinglock/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
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

/** A store, and what ends its connections. */
interface Opened {
  readonly store: Store;
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
          message: expect.stringMatching(/permission denied .*\. Have somebody .* grant this user/),
        });
      } finally {
        await guest.end();
      }
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
