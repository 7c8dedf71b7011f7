import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { postgresStore } from '../src/stores/postgres/index.js';
import { testStore } from '../src/testing/index.js';
import { canServePostgres, PostgresServer } from './support/postgres-server.js';
import { type SharedLocks, testSharedLocks } from './support/shared-locks.js';

describe.skipIf(!canServePostgres)('a PostgreSQL server', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(() => server?.end());

  describe('locks in one table', () => {
    testSharedLocks(() => newLocks(server));
  });

  testStore('the store in PostgreSQL by pg', () => ({ store: connect(), another: connect }), {
    describe,
    it,
  });

  function connect() {
    return postgresStore(server.pool());
  }
});

/** In a table that no other test uses. */
function newLocks(server: PostgresServer): SharedLocks {
  const table = `t${randomUUID().replaceAll('-', '')}`;
  const pool = server.pool();
  return {
    store: ['postgres', server.urlFor(), table],
    age: async (minutes) => {
      await pool.query(`UPDATE ${table} SET heartbeat_at = heartbeat_at - interval '${minutes} minutes'`);
    },
  };
}
