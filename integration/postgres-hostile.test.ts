import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { acquire, breakLock, inspect } from '../src/index.js';
import { fence, type PostgresConnection, postgresStore } from '../src/stores/postgres/index.js';
import { FakeProcessTable } from '../src/testing/index.js';
import { describeWithPostgres } from '../support/postgres/postgres-locks.js';
import { poolOf } from '../support/postgres/postgres-pool.js';
import type { PostgresServer } from '../support/postgres/postgres-server.js';

/** Whose combinations may fit better than what PostgreSQL has. */
const TYPES = [
  ...['text', 'varchar', 'name', '"char"', 'bigint', 'integer', 'numeric', 'double precision', 'boolean'],
  ...['timestamptz', 'timestamp', 'interval', 'jsonb', 'json', 'oid', 'regclass', 'anyelement'],
];
const PAIRS = TYPES.flatMap((one) => TYPES.map((other) => [one, other]));
/** Longer than two. */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  concat_ws: ['text', 'bigint', 'bigint', 'text'],
  json_build_object: 'boolean text numeric text bigint text text numeric numeric jsonb jsonb jsonb jsonb'
    .split(' ')
    .flatMap((type) => ['text', type]),
};

describeWithPostgres('a user who may create objects in the schema of the locks', (server) => {
  test.each([
    ['is the default', 'public'],
    ['has PostgreSQL’s own schema last', 'public,pg_catalog'],
  ])('has no code run by the user of the locks if the `search_path` %s', async (_, searchPath) => {
    const { owner, mallory } = await databaseOf(server());
    const sent = await useLocks(owner());
    await poolOf(server(), mallory).query(sabotageOf(sent));
    await expect(owner().query("SELECT 1::bigint || 'a'::text")).rejects.toThrow('called: ||');
    await useLocks(owner(`-c search_path=${searchPath}`));
  });
});

/** A database of its own, in which mallory may create objects; she is no superuser. */
async function databaseOf(server: PostgresServer) {
  const id = randomUUID().replaceAll('-', '');
  const admin = poolOf(server);
  await admin.query(`CREATE DATABASE d${id}`);
  await admin.query(`CREATE ROLE m${id} LOGIN`);
  const urlFor = (user?: string) => server.urlFor(user).replace('/postgres?', `/d${id}?`);
  const owner = (options = '') => poolOf(server, { connectionString: urlFor(), options });
  await owner().query(`GRANT CREATE ON SCHEMA public TO m${id}`);
  return { owner, mallory: { connectionString: urlFor(`m${id}`) } };
}

/** Everything that a store and a fence do. Returns what they have sent. */
async function useLocks(pool: pg.Pool): Promise<string> {
  const sent: string[] = [];
  const watched = (connection: pg.Pool | pg.PoolClient): PostgresConnection => ({
    query: (text, values) => {
      sent.push(text);
      return connection.query(text, values);
    },
  });
  const store = postgresStore(watched(pool));
  const lock = await acquire('nightly', { store, heartbeatMinimalInterval: 0, staleTimeout: '2h' });
  await lock.heartBeat({ note: 'halfway' });
  await lock.setWorkers([process.pid]);
  const { version = '' } = (await store.read('nightly')) ?? {};
  expect(await store.confirm?.('nightly', version)).toBe(true);
  expect(await store.names?.()).toEqual(['nightly']);
  expect(await inspect('nightly', { store })).toMatchObject({ state: 'live' });
  await breakLock('nightly', { store, force: true });
  await expect(lock.heartBeat()).rejects.toMatchObject({ name: 'ErrLockLost' });
  const processes = new FakeProcessTable();
  const dead = processes.start();
  const dependencies = { processes: processes.as(dead) };
  await acquire('nightly', { store: postgresStore(watched(pool), dependencies), dependencies });
  dead.kill();
  const successor = await acquire('nightly', {
    store: postgresStore(watched(pool), { processes }),
    dependencies: { processes },
    holdAtLeast: '1h',
  });
  await successor.release();
  await breakLock('nightly', { store, force: true });

  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await fence(watched(client), successor);
    await client.query('COMMIT');
  } finally {
    client.release(true);
  }
  // Looked for elsewhere, once it is out of sight.
  await pool.query('ALTER TABLE livinglock RENAME TO away');
  await pool.query('CREATE SCHEMA IF NOT EXISTS elsewhere; CREATE TABLE elsewhere.livinglock ()');
  await expect(store.read('nightly')).rejects.toMatchObject({ code: '42P01' });
  await pool.query('DROP TABLE elsewhere.livinglock; ALTER TABLE away RENAME TO livinglock');
  return sent.join('\n');
}

/** Creates each operator, function and type that the statements use, for all combinations of types. */
function sabotageOf(sent: string): string {
  const unqualified = sent.replaceAll('pg_catalog.', '').replace(/--.*/g, '');
  const operators = new Set(unqualified.match(/(?<=OPERATOR\()[^\w\s)]+(?=\))|(?<=\s)[-+*/<>=|~]+(?=\s)/g));
  const functions = new Set(unqualified.match(/\b[a-z_]+(?=\()/g));
  const domains = new Set(unqualified.match(/(?<=::)(?:text|json|jsonb|reg[a-z]+)\b/g));
  expect([...operators]).toEqual(expect.arrayContaining(['=', '<>', '+', '*', '<=']));
  expect([...functions]).toEqual(expect.arrayContaining([...Object.keys(SIGNATURES), 'to_char', 'floor']));
  expect([...domains]).toEqual(expect.arrayContaining(['text', 'jsonb', 'regnamespace']));
  operators.add('||');
  return [
    ...[...functions].flatMap((name) =>
      [
        [],
        ...TYPES.map((type) => [type]),
        ...PAIRS,
        ...[SIGNATURES[name] ?? []].filter(({ length }) => length > 0),
      ].map((types) => functionOf(name, types, 'text', name)),
    ),
    ...[...operators].flatMap((symbol, index) =>
      PAIRS.flatMap((types) => {
        const result = /[<>=]/.test(symbol) ? 'boolean' : 'text';
        return [
          functionOf(`operator_${index}`, types, result, symbol),
          `CREATE OPERATOR public.${symbol} (LEFTARG = ${types[0]}, RIGHTARG = ${types[1]}, FUNCTION = public.operator_${index})`,
        ];
      }),
    ),
    functionOf('is_called', ['text'], 'boolean', 'a type'),
    ...[...domains].map(
      (name) => `CREATE DOMAIN public.${name} AS pg_catalog.varchar CHECK (public.is_called(VALUE))`,
    ),
  ].join(';\n');
}

function functionOf(name: string, types: readonly string[], result: string, title: string): string {
  return `CREATE FUNCTION public.${name}(${types.join(', ')}) RETURNS ${result} LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'called: ${title}'; END $$`;
}
