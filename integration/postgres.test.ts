import { describe, it } from 'vitest';
import { postgresStore } from '../src/stores/postgres/index.js';
import { testStore } from '../src/testing/index.js';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import { testSharedLocks } from './support/shared-locks.js';
import { postgresLocks } from './support/shared-stores.js';

describeWithPostgres('a PostgreSQL server', (server) => {
  describe('locks in one table', () => {
    testSharedLocks(() => postgresLocks(server()));
  });

  const connect = () => postgresStore(poolOf(server()));
  testStore('the store in PostgreSQL by pg', () => ({ store: connect(), another: connect }), {
    describe,
    it,
  });
});
