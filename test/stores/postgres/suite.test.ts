import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { postgresStore } from '../../../src/stores/postgres/index.js';
import { testStore } from '../../../src/testing/index.js';
import { testLateCopies } from '../../../support/late-copies.js';

// `integration/postgres.test.ts` tests a real server.

let database: PGlite;

beforeAll(async () => {
  database = await PGlite.create();
});

afterAll(() => database.close());

describe('what a network delivers late to PostgreSQL', () => testLateCopies(() => postgresStore(database)));

testStore('the store in PostgreSQL by PGlite', () => ({ store: postgresStore(database) }), { describe, it });

testStore(
  'the store in PostgreSQL through a driver that answers with the rows alone',
  () => ({
    store: postgresStore({ query: async (text, values) => (await database.query(text, values)).rows }),
  }),
  { describe, it },
);
