import { type FencedLock, fence, type PostgresConnection, postgresStore } from 'livinglock/postgres';
import { QueryTypes, Sequelize, type Transaction } from 'sequelize';

export function open(url: string) {
  const sequelize = new Sequelize(url, { logging: false });
  const connectionOf = (transaction: Transaction | null): PostgresConnection => ({
    query: (text, bind = []) =>
      sequelize.query(text, {
        bind,
        type: QueryTypes.SELECT,
        useMaster: true,
        transaction,
        logging: false,
      }),
  });
  const store = postgresStore(connectionOf(null));

  async function pay(lock: FencedLock) {
    await sequelize.transaction(async (transaction) => {
      await fence(connectionOf(transaction), lock);
      await sequelize.query("UPDATE payouts SET state = 'paid' WHERE state = 'due'", { transaction });
    });
  }

  return { store, connection: connectionOf(null), pay, end: () => sequelize.close() };
}
