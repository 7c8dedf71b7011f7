import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';
import pg from 'pg';

interface Database {
  readonly payouts: { readonly state: string };
}

export function open(url: string) {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', console.error);
  // Kysely does not listen to a connection that it uses.
  pool.on('connect', (client) => client.on('error', console.error));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const connectionOf = (db: Kysely<Database>): PostgresConnection => ({
    query: (text, values) => db.withoutPlugins().executeQuery(CompiledQuery.raw(text, values)),
  });
  const store = postgresStore(connectionOf(db));

  async function pay(lock: FencedLock) {
    await db.transaction().execute(async (trx) => {
      await fence(connectionOf(trx), lock);
      await trx.updateTable('payouts').set({ state: 'paid' }).where('state', '=', 'due').execute();
    });
  }

  return { store, connection: connectionOf(db), pay, end: () => db.destroy() };
}
