import { setTimeout as sleep } from 'node:timers/promises';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';
import { PostgresServer } from '../../../support/postgres/postgres-server.js';
import { CROWD } from '../measurements/crowd.js';
import { advisoryLockByHand, advisoryLockPackage } from '../rivals/advisory-lock.js';
import { livinglock } from '../rivals/livinglock.js';
import { connectCounted } from './counted.js';
import { type Engine, type Field, newLock } from './engine.js';

export async function startPostgres(): Promise<Engine> {
  const server = await PostgresServer.start();
  const version = await setUp(server.urlFor());
  return {
    title: 'PostgreSQL',
    description: `PostgreSQL ${version}, with \`fsync\``,
    connect: () => connect(server.urlFor()),
    connectCounted: () => connectCounted({ path: server.socket }, (port) => connect(server.urlThrough(port))),
    [Symbol.asyncDispose]: () => server.end(),
  };
}

/** Makes the server durable, as users have it. Returns its version. */
async function setUp(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = on');
  await client.query('SELECT pg_reload_conf()');
  while ((await client.query('SHOW fsync')).rows[0].fsync !== 'on') await sleep(10);
  await client.query('CREATE TABLE jobs (name text PRIMARY KEY, runs bigint NOT NULL)');
  await client.query(`INSERT INTO jobs VALUES ('nightly', 0)`);
  const { rows } = await client.query('SHOW server_version');
  await client.end();
  return rows[0].server_version;
}

async function connect(url: string): Promise<Field> {
  // A connection for each contender, as if each were a process. It stays open.
  const pool = new pg.Pool({ connectionString: url, max: CROWD, idleTimeoutMillis: 0 });
  return {
    bare: { name: '`SELECT 1`', run: () => pool.query('SELECT 1') },
    bareWrite: {
      name: '`UPDATE` of one row',
      run: () => pool.query('UPDATE jobs SET runs = runs + 1 WHERE name = $1', ['nightly']),
    },
    rivals: [livinglock(postgresStore(pool)), advisoryLockPackage(url), advisoryLockByHand(pool)],
    newLock,
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
