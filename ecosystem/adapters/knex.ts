import knex, { type Knex } from 'knex';
import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';

export function open(url: string) {
  const connectionOf = (db: Knex): PostgresConnection => ({
    query: (text, values = []) => db.raw(text.replace(/\$(\d+)/g, ':$1 '), { ...['', ...values] }),
  });
  const db = knex({ client: 'pg', connection: url });
  const store = postgresStore(connectionOf(db));

  async function pay(lock: FencedLock) {
    await db.transaction(async (trx) => {
      await fence(connectionOf(trx), lock);
      await trx('payouts').update({ state: 'paid' }).where({ state: 'due' });
    });
  }

  return { store, connection: connectionOf(db), pay, end: () => db.destroy() };
}
