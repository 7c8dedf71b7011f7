import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';

const payouts = pgTable('payouts', { state: text() });

export function open(url: string) {
  const db = drizzle(url);
  db.$client.on('error', console.error);
  const store = postgresStore(db.$client);

  const connectionOf = (tx: Pick<typeof db, 'execute'>): PostgresConnection => ({
    query: (text, values = []) => {
      const parts = text.split(/\$(\d+)/);
      return tx.execute(
        sql.join(parts.map((part, i) => (i % 2 ? sql.param(values[Number(part) - 1]) : sql.raw(part)))),
      );
    },
  });

  async function pay(lock: FencedLock) {
    await db.transaction(async (tx) => {
      await fence(connectionOf(tx), lock);
      await tx.update(payouts).set({ state: 'paid' }).where(eq(payouts.state, 'due'));
    });
  }

  return { store, connection: connectionOf(db), pay, end: () => db.$client.end() };
}
