import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { postgresStore } from 'livinglock/postgres';
import pg from 'pg';

export function open(url: string) {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', console.error);
  // Kysely does not listen to a connection that it uses.
  pool.on('connect', (client) => client.on('error', console.error));
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  const store = postgresStore({
    query: (text, values) => db.withoutPlugins().executeQuery(CompiledQuery.raw(text, values)),
  });
  return { store, end: () => db.destroy() };
}
