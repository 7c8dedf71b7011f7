import { PGlite } from '@electric-sql/pglite';
import { acquire } from 'livinglock';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';

const pool = new pg.Pool();
export const stores = [pool, new pg.Client(), new PGlite()].map((connection) => postgresStore(connection));
export const locks = Promise.all(stores.map((store) => acquire('job', { store })));
export const onClient = pool.connect().then((client) => postgresStore(client));

// @ts-expect-error: not a connection.
postgresStore({});
