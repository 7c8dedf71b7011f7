import { PGlite } from '@electric-sql/pglite';
import { acquire } from 'livinglock';
import { fence, postgresStore } from 'livinglock/postgres';
import pg from 'pg';

const pool = new pg.Pool();
export const stores = [pool, new pg.Client(), new PGlite()].map((connection) => postgresStore(connection));
export const locks = Promise.all(stores.map((store) => acquire('job', { store })));
export const onClient = pool.connect().then((client) => postgresStore(client));
export const onPGlite = new PGlite().transaction((transaction) =>
  fence(transaction, { name: 'job', fencingToken: 1 }),
);
export const onPoolClient = pool.connect().then((client) => fence(client, { name: 'job', fencingToken: 1 }));

// @ts-expect-error: not a connection.
postgresStore({});
