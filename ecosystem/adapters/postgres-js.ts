import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';
import postgres from 'postgres';

export function open(url: string) {
  const connectionOf = (db: postgres.Sql | postgres.TransactionSql): PostgresConnection => ({
    query: (text, values) => db.unsafe(text, values, { prepare: true }),
  });
  const sql = postgres(url);
  const store = postgresStore(connectionOf(sql));

  async function pay(lock: FencedLock) {
    await sql.begin(async (tx) => {
      await fence(connectionOf(tx), lock);
      await tx`UPDATE payouts SET state = 'paid' WHERE state = 'due'`;
    });
  }

  return { store, connection: connectionOf(sql), pay, end: () => sql.end({ timeout: 1 }) };
}
