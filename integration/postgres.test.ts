import { describe, it } from 'vitest';
import { postgresStore } from '../src/stores/postgres/index.js';
import { testStore } from '../src/testing/index.js';
import { describeWithPostgres, PostgresLocks } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';
import { type SharedLocks, testCrowd, testSharedLocks } from './support/shared-locks.js';

describeWithPostgres('a PostgreSQL server', (server) => {
  describe('locks in one table', () => {
    testSharedLocks(() => open(server()));
    testCrowd(() => open(server()));
  });

  const connect = () => postgresStore(poolOf(server()));
  testStore('the store in PostgreSQL by pg', () => ({ store: connect(), another: connect }), {
    describe,
    it,
  });
});

function open(server: PostgresServer): SharedLocks {
  const { table, pool } = new PostgresLocks(server);
  return {
    store: ['postgres', server.urlFor(), table],
    age: async (minutes) => {
      await pool.query(`UPDATE ${table} SET heartbeat_at = heartbeat_at - interval '${minutes} minutes'`);
    },
  };
}
