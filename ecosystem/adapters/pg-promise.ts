import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';
import pgPromise, { type IBaseProtocol } from 'pg-promise';

export function open(url: string) {
  const connectionOf = (db: IBaseProtocol<unknown>): PostgresConnection => ({
    query: (text, values = []) => db.query({ text, values }),
  });
  const db = pgPromise({ noWarnings: true })(url);
  const store = postgresStore(connectionOf(db));

  async function pay(lock: FencedLock) {
    await db.tx(async (t) => {
      await fence(connectionOf(t), lock);
      await t.none("UPDATE payouts SET state = 'paid' WHERE state = 'due'");
    });
  }

  return { store, connection: connectionOf(db), pay, end: () => db.$pool.end() };
}
